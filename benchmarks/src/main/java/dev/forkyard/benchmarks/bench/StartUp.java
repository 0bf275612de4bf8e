package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.contender.Pool;
import dev.forkyard.benchmarks.measure.Jvm;
import dev.forkyard.benchmarks.measure.Spread;
import dev.forkyard.pool.ProcessPool;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** How long it takes until there is something that works. */
final class StartUp {

  private interface Start {
    /** The moment at which it was there; what it takes to end it is no part of that. */
    long nanoTime() throws Exception;
  }

  private final int times;

  StartUp(int times) {
    this.times = times;
  }

  List<Figure> measure(@Nullable Path root) throws Exception {
    List<Figure> figures = new ArrayList<>();
    figures.add(figure("an empty JVM, start to exit", () -> exit(empty())));
    figures.add(figure("one worker ready, in a warm master", () -> ready(1)));
    figures.add(figure("two workers ready at once, in a warm master", () -> ready(2)));
    figures.add(figure("a program to its first result, one worker", () -> firstByte(program(1))));
    figures.add(figure("a program to its first result, two workers", () -> firstByte(program(2))));
    if (root != null && Files.isExecutable(root.resolve("forkyard"))) {
      List<String> run = List.of(root.resolve("forkyard").toString(), "run", "-q", "echo", "hi");
      figures.add(figure("forkyard run echo hi, in all", () -> exit(run)));
    }
    return figures;
  }

  private Figure figure(String name, Start start) throws Exception {
    start.nanoTime();
    double[] millis = new double[times];
    for (int i = 0; i < times; i++) {
      long since = System.nanoTime();
      millis[i] = (start.nanoTime() - since) / 1e6;
    }
    return new Figure("start-up", name, "ms", Spread.of(DoubleStream.of(millis)));
  }

  private static List<String> empty() {
    return Jvm.command(Jvm.workerOptions(), Nothing.class);
  }

  private static List<String> program(int workers) {
    return Jvm.command(List.of("-XX:-UsePerfData"), FirstResult.class, "" + workers);
  }

  private static long exit(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    int code = process.waitFor();
    if (code != 0) {
      throw new IOException(command.get(0) + " ended with " + code);
    }
    return System.nanoTime();
  }

  private static long firstByte(List<String> command) throws IOException {
    Process process = Jvm.start(command);
    try (InputStream out = process.getInputStream()) {
      if (out.read() < 0) {
        throw new IOException("no result from " + command.get(0));
      }
      return System.nanoTime();
    } finally {
      process.destroy();
      process.onExit().join();
    }
  }

  private static long ready(int workers) {
    ProcessPool pool = ProcessPool.builder().workers(workers).build();
    Pool.awaitReady(pool, workers);
    long there = System.nanoTime();
    pool.shutdownNow();
    return there;
  }
}
