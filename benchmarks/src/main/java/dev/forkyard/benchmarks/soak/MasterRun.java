package dev.forkyard.benchmarks.soak;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One master from its start to the books that are kept of it. */
final class MasterRun {

  /** Beyond the life that it was given: it waits for what it began. */
  private static final int OVERTIME_SECONDS = 300;

  private static final int CLEAN_SECONDS = 15;

  /** What became of it. */
  record Result(boolean killed, Tally tally, List<String> faults, long endMillis) {}

  private final Path directory;
  private final Path runtimeDirectory;
  private final long seed;
  private final long seconds;
  private final int workers;
  private final Leftovers leftovers;
  private final List<String> faults = new ArrayList<>();

  MasterRun(Path directory, long seed, long seconds, int workers) throws IOException {
    this.directory = directory;
    this.runtimeDirectory = Files.createDirectories(directory.resolve("run"));
    this.seed = seed;
    this.seconds = seconds;
    this.workers = workers;
    this.leftovers = new Leftovers(Ledger.VARIABLE + "=" + directory, runtimeDirectory);
  }

  /** To its end, or until it is killed when its life is over. */
  Result run(boolean kill) throws Exception {
    Path output = directory.resolve("master.log");
    Process process = start(output);
    try {
      if (process.waitFor(seconds + (kill ? 0 : OVERTIME_SECONDS), TimeUnit.SECONDS)) {
        examineExit(process.exitValue());
      } else if (!kill) {
        faults.add("it did not end; its threads are in " + output);
        dump(process.pid());
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    long endMillis = awaitClean(process.pid());
    faults.addAll(
        Files.readAllLines(output).stream().filter(line -> line.startsWith("fault: ")).toList());
    crashReports();
    Audit audit = new Audit();
    Ledger.take(directory, audit::add);
    faults.addAll(audit.faults(kill));
    if (faults.isEmpty()) {
      Files.delete(output);
    } else {
      Files.move(output, directory.resolve("master-" + process.pid() + ".log"));
    }
    return new Result(kill, audit.tally(), faults, endMillis);
  }

  private Process start(Path output) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Soak.masterCommand(
                Long.toString(seed), Long.toString(seconds), Integer.toString(workers)));
    builder.environment().put(Ledger.VARIABLE, directory.toString());
    builder.environment().put("XDG_RUNTIME_DIR", runtimeDirectory.toString());
    return builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
  }

  private void examineExit(int exitCode) {
    if (exitCode != 0) {
      faults.add("it ended with exit code " + exitCode);
    }
  }

  /** A JVM prints its threads' stacks at this signal. */
  private static void dump(long pid) throws Exception {
    new ProcessBuilder("sh", "-c", "kill -QUIT " + pid).start().waitFor();
    TimeUnit.SECONDS.sleep(2);
  }

  /** How long it took until nothing was left of it. */
  private long awaitClean(long masterPid) throws Exception {
    long ended = System.nanoTime();
    List<String> left = leftovers.find(masterPid);
    while (!left.isEmpty() && System.nanoTime() - ended < TimeUnit.SECONDS.toNanos(CLEAN_SECONDS)) {
      TimeUnit.MILLISECONDS.sleep(10);
      left = leftovers.find(masterPid);
    }
    left.forEach(each -> faults.add("left behind: " + each));
    for (long pid : leftovers.processes()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - ended);
  }

  private void crashReports() throws IOException {
    try (DirectoryStream<Path> reports = Files.newDirectoryStream(directory, "*hs_err*")) {
      reports.forEach(report -> faults.add("a JVM crashed: " + report));
    }
  }
}
