package dev.forkyard.benchmarks.probe;

import dev.forkyard.benchmarks.measure.Jvm;
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
    // In case nobody closes it; the last one named is deleted first.
    directory.toFile().deleteOnExit();
    socket().toFile().deleteOnExit();
  }

  Path socket() {
    return directory.resolve("s");
  }

  void start(int count) throws IOException {
    List<String> command = Jvm.command(Jvm.workerOptions(), ProbeWorker.class, socket().toString());
    for (int i = 0; i < count; i++) {
      processes.add(Jvm.start(command));
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
