package dev.forkyard.benchmarks.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Worker JVMs and the socket in a private directory to which they connect. */
final class ProbeChildren implements AutoCloseable {

  private final Path directory;
  private final List<Process> processes = new ArrayList<>();

  ProbeChildren() throws IOException {
    this.directory = Files.createTempDirectory("probe");
  }

  Path socket() {
    return directory.resolve("s");
  }

  void start(int count) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    for (int i = 0; i < count; i++) {
      processes.add(
          new ProcessBuilder(
                  java,
                  "-XX:+UseSerialGC",
                  "-XX:+UseCountedLoopSafepoints",
                  "-XX:LoopStripMiningIter=1000",
                  "-XX:-UsePerfData",
                  "-Xmx1g",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ProbeWorker.class.getName(),
                  socket().toString())
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
  }

  List<Long> pids() {
    return processes.stream().map(Process::pid).toList();
  }

  /** To be called when their connections are closed, which ends them. */
  @Override
  public void close() throws IOException {
    for (Process process : processes) {
      process.destroy();
      process.onExit().join();
    }
    Files.deleteIfExists(socket());
    Files.delete(directory);
  }
}
