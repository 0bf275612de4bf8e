package dev.forkyard.benchmarks.real;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ExitStatus;
import dev.forkyard.process.SpawnOptions;
import dev.forkyard.process.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the shell has for it: a program started for each job, so many at a time. */
final class Programs {

  /** To start programs takes long, so of many jobs they get a part. */
  private static final int MAX_JOBS = 1_000;

  private static final SpawnOptions OPTIONS =
      SpawnOptions.builder()
          .stdin(Stdio.ignore())
          .stdout(Stdio.ignore())
          .stderr(Stdio.inherit())
          .killTreeOnExit()
          .build();

  private final String atATime;
  private final RealData data;

  Programs(int atATime, RealData data) {
    this.atATime = Integer.toString(atATime);
    this.data = data;
  }

  /** Seconds for all inputs, computed from a part of them where there are many. */
  Map<String, Double> seconds(RealJob<?> job) throws Exception {
    int count = Math.min(job.inputs().size(), MAX_JOBS);
    String list = data.list(job.inputs().subList(0, count)).toString();
    double share = (double) job.inputs().size() / count;
    String from = share > 1 ? ", from %,d of them".formatted(count) : "";
    Map<String, Double> seconds = new LinkedHashMap<>();
    if (isHere("xargs")) {
      seconds.put("xargs -P " + atATime + from, share * seconds(xargs(job, list)));
    }
    if (isHere("parallel")) {
      seconds.put("GNU parallel -j " + atATime + from, share * seconds(parallel(job, list)));
    }
    return seconds;
  }

  private List<String> xargs(RealJob<?> job, String list) {
    return List.of(
        "xargs", "-a", list, "-d", "\n", "-P", atATime, "-n", "1", "sh", "-c", job.script(), "sh");
  }

  private List<String> parallel(RealJob<?> job, String list) {
    // It quotes the input itself.
    String command = "set -- {}; " + job.script();
    return List.of("parallel", "--will-cite", "-a", list, "-j", atATime, command);
  }

  private static boolean isHere(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static double seconds(List<String> command) throws Exception {
    long since = System.nanoTime();
    // Whatever ends this JVM ends them too.
    ExitStatus end = ChildProcess.spawn(command, OPTIONS).onExit().get();
    if (end.value() != 0) {
      throw new IOException(command.get(0) + " ended with " + end);
    }
    return (System.nanoTime() - since) / 1e9;
  }
}
