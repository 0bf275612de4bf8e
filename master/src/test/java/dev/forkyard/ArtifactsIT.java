package dev.forkyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the jars and the BOM say of themselves. */
class ArtifactsIT {

  private static final Path ROOT = Path.of(System.getProperty("forkyard.root"));
  private static final List<String> LIBRARIES = List.of("protocol", "worker", "master");

  private static Path jar(String module) throws IOException {
    String name = "forkyard-" + module + "-[0-9.]+(-SNAPSHOT)?\\.jar";
    try (Stream<Path> built = Files.list(ROOT.resolve(module + "/target"))) {
      return built
          .filter(file -> file.getFileName().toString().matches(name))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void theJarsAreModulesWithNamesThatLastAndShareNoPackage() throws IOException {
    List<Path> jars = new ArrayList<>();
    for (String module : LIBRARIES) {
      jars.add(jar(module));
    }
    Set<String> names =
        Set.of("dev.forkyard.protocol", "dev.forkyard.worker", "dev.forkyard.master");
    ModuleFinder finder = ModuleFinder.of(jars.toArray(Path[]::new));
    assertThat(finder.findAll())
        .extracting(each -> each.descriptor().name())
        .containsExactlyInAnyOrderElementsOf(names);
    // It would refuse two that have the same package.
    Configuration all =
        ModuleLayer.boot().configuration().resolve(finder, ModuleFinder.of(), names);
    assertThat(all.modules()).hasSize(3);
  }

  @Test
  void theBomHasAllLibrariesInTheVersionOfThisBuild() throws IOException {
    String version = group("<version>([^<]+)</version>", Files.readString(ROOT.resolve("pom.xml")));
    String bom = Files.readString(ROOT.resolve("bom/pom.xml"));
    assertThat(group("<version>([^<]+)</version>", bom)).isEqualTo(version);
    Matcher managed =
        Pattern.compile("<artifactId>forkyard-(\\w+)</artifactId><version>\\$\\{project.version}<")
            .matcher(bom);
    assertThat(managed.results().map(each -> each.group(1)))
        .containsExactlyInAnyOrderElementsOf(LIBRARIES);
  }

  private static String group(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).isTrue();
    return matcher.group(1);
  }
}
