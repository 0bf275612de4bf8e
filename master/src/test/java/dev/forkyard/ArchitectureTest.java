package dev.forkyard;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The layers of docs/architecture.md. */
class ArchitectureTest {

  private static final JavaClasses FORKYARD =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.forkyard");

  /** What each package may use, beside the JDK and jSpecify's annotations. */
  private static Stream<ArchRule> layers() {
    return Stream.of(
        layer("dev.forkyard.protocol"),
        // Jackson and protobuf are the handler's own, and optional.
        layer(
            "dev.forkyard.worker",
            "dev.forkyard.protocol",
            "com.fasterxml..",
            "com.google..",
            "jdk.jfr"),
        layer(
            "dev.forkyard.process",
            "dev.forkyard.transport",
            "dev.forkyard.worker",
            "dev.forkyard.protocol",
            "io.netty.channel..",
            "io.netty.util.concurrent",
            "org.slf4j..",
            "jdk.net"),
        layer(
            "dev.forkyard.transport",
            "dev.forkyard.protocol",
            "io.netty..",
            "org.slf4j..",
            "jdk.net"),
        layer("dev.forkyard.pool.scheduler"),
        layer(
            "dev.forkyard.pool",
            "dev.forkyard.pool.scheduler",
            "dev.forkyard.process",
            "dev.forkyard.transport",
            "dev.forkyard.worker",
            "dev.forkyard.protocol",
            "io.netty.channel",
            "io.netty.util.concurrent",
            "org.HdrHistogram",
            "io.micrometer.core.instrument..",
            "jdk.jfr",
            "org.slf4j.."),
        // It runs in workers, whose class path has neither the pool nor the command line.
        layer("dev.forkyard.launcher.builtin", "dev.forkyard.worker"),
        layer(
            "dev.forkyard.launcher",
            "dev.forkyard.launcher.builtin",
            "dev.forkyard.pool",
            "dev.forkyard.worker",
            "picocli..",
            "me.tongfei..",
            "org.jline..",
            "com.fasterxml..",
            "ch.qos.logback..",
            "org.slf4j..",
            "sun.misc"));
  }

  private static ArchRule layer(String name, String... mayUse) {
    String[] all =
        Stream.concat(Stream.of(name, "java..", "org.jspecify.annotations"), Stream.of(mayUse))
            .toArray(String[]::new);
    return noClasses()
        .that(resideInAPackage(name))
        .should()
        .dependOnClassesThat(resideOutsideOfPackages(all))
        .as(name + " uses nothing but the JDK and " + List.of(mayUse));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void eachPackageUsesOnlyTheLayersBelowIt(ArchRule layer) {
    layer.check(FORKYARD);
  }

  @Test
  void everyPackageIsALayer() {
    classes()
        .should()
        .resideInAnyPackage(
            "dev.forkyard.protocol",
            "dev.forkyard.worker",
            "dev.forkyard.process",
            "dev.forkyard.transport",
            "dev.forkyard.pool",
            "dev.forkyard.pool.scheduler",
            "dev.forkyard.launcher",
            "dev.forkyard.launcher.builtin")
        .check(FORKYARD);
  }

  @Test
  void noPackagesDependOnEachOtherInACycle() {
    slices().matching("dev.forkyard.(**)").should().beFreeOfCycles().check(FORKYARD);
  }

  @Test
  void theSchedulerKnowsNoLockNoThreadNoClockAndNoInputOrOutput() {
    noClasses()
        .that(resideInAPackage("dev.forkyard.pool.scheduler"))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("java.util.concurrent..", "java.io", "java.nio..", "java.net.."))
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(Thread.class, java.time.Clock.class, java.time.Instant.class)
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .check(FORKYARD);
  }

  /** All other rules would hold for classes that were never read. */
  @Test
  void allModulesWereRead() {
    assertThat(FORKYARD.stream().map(type -> type.getPackageName()).distinct())
        .contains("dev.forkyard.protocol", "dev.forkyard.worker", "dev.forkyard.pool.scheduler");
  }
}
