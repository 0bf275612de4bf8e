package dev.forkyard.benchmarks.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command, measuring for moments only: that it tells all it should, not what. */
@Timeout(300)
class BenchIT {

  private static final List<String> WORKLOADS =
      List.of(
          "16 B echo",
          "1 KiB echo",
          "1 MiB echo",
          "lambda of 16 B",
          "10 µs of CPU",
          "100 µs of CPU",
          "1 ms of CPU",
          "10 ms of CPU");

  @TempDir private Path folder;

  @Test
  void aTableAJsonFileAndAPageTellTheSame() throws Exception {
    Path json = folder.resolve("report.json");
    Path page = folder.resolve("report.html");

    String table = bench(0, "--seconds", "1", "--json", json.toString(), "--html", page.toString());

    assertThat(table)
        .contains(WORKLOADS)
        .contains("One job at a time", "Start-up", "Memory", "Scheduler", "limit probe");
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    List<String> measured = new ArrayList<>();
    for (JsonNode workload : report.get("throughput")) {
      measured.add(workload.get("workload").asText());
      assertThat(workload.at("/pool/jobsPerSecond/median").asDouble()).isPositive();
      assertThat(workload.at("/threads/poolRatio/median").asDouble()).isPositive();
    }
    assertThat(measured).isEqualTo(WORKLOADS);
    assertThat(report.get("latency")).hasSize(5);
    assertThat(report.at("/machine/cores").asInt()).isPositive();
    assertThat(Files.readString(page))
        .contains("Chart.js v")
        .contains(measured)
        .doesNotContain("/*LIBRARY*/", "/*REPORT*/", "src=", "href=");
  }

  @Test
  void whatItCannotDoIsSaidInOneLine() throws Exception {
    assertThat(bench(2, "--json", folder.resolve("missing/report.json").toString()).lines())
        .containsExactly(
            "forkyard: can't write to "
                + folder.resolve("missing/report.json")
                + "; see forkyard bench --help");
    assertThat(bench(2, "--seconds", "-1").lines()).hasSize(1);
    assertThat(bench(2, "--workers", "0").lines()).hasSize(1);
  }

  private String bench(int exitCode, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+IgnoreUnrecognizedVMOptions",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dfile.encoding=UTF-8",
            "-Dstdout.encoding=UTF-8",
            "-cp",
            System.getProperty("forkyard.benchmarks"),
            "dev.forkyard.benchmarks.bench.Bench"));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(4, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output);
    assertThat(process.exitValue()).as(text).isEqualTo(exitCode);
    return text;
  }
}
