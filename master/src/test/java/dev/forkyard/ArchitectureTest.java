package dev.forkyard;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The layers point one way. */
class ArchitectureTest {

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.forkyard");

  @Test
  void noPackageIsPartOfACycle() {
    slices().matching("dev.forkyard.(**)").should().beFreeOfCycles().check(ALL);
  }

  @Test
  void theSchedulerKnowsNothingButTheJdk() {
    classes()
        .that()
        .resideInAPackage("dev.forkyard.pool.scheduler")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.jspecify..", "dev.forkyard.pool.scheduler")
        .check(ALL);
  }

  @Test
  void protocolAndWorkerKnowNothingAbove() {
    classes()
        .that()
        .resideInAPackage("dev.forkyard.protocol")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.jspecify..", "dev.forkyard.protocol")
        .check(ALL);
    noClasses()
        .that()
        .resideInAPackage("dev.forkyard.worker")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.forkyard.pool..",
            "dev.forkyard.process",
            "dev.forkyard.transport",
            "dev.forkyard.launcher..",
            "io.netty..",
            "org.slf4j..")
        .check(ALL);
  }

  @Test
  void theLayersOfTheMasterPointOneWay() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.forkyard.pool..", "dev.forkyard.process", "dev.forkyard.transport")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.forkyard.launcher..", "picocli..", "ch.qos.logback..", "me.tongfei..")
        .check(ALL);
    noClasses()
        .that()
        .resideInAPackage("dev.forkyard.transport")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.forkyard.pool..", "dev.forkyard.process", "dev.forkyard.worker")
        .check(ALL);
    noClasses()
        .that()
        .resideInAPackage("dev.forkyard.process")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.forkyard.pool..", "dev.forkyard.transport", "dev.forkyard.worker")
        .check(ALL);
  }

  @Test
  void builtInHandlersKnowTheWorkerAlone() {
    classes()
        .that()
        .resideInAPackage("dev.forkyard.launcher.builtin")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..", "org.jspecify..", "dev.forkyard.worker", "dev.forkyard.launcher.builtin")
        .check(ALL);
  }
}
