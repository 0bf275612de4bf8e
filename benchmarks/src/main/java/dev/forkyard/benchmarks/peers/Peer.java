package dev.forkyard.benchmarks.peers;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.LineProcess;
import dev.forkyard.benchmarks.measure.Workload;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A program that runs echoes by a pool of its own, as {@code peers/README.md} says. */
final class Peer implements Contender {

  private final String name;
  private final int workers;
  private final LineProcess program;

  private Peer(String name, int workers, LineProcess program) {
    this.name = name;
    this.workers = workers;
    this.program = program;
  }

  /** Returns when its workers are ready. */
  static Peer start(String name, int workers, List<String> command) throws IOException {
    LineProcess program = LineProcess.start(command);
    String greeting = program.hear();
    if (!greeting.equals("ready")) {
      program.close();
      throw new IOException(name + " said " + greeting);
    }
    return new Peer(name, workers, program);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long run(Workload<?, ?> workload, long deadline) throws IOException {
    long millis = Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
    program.say("run %d %d %d".formatted(bytes(workload), workload.inFlight() * workers, millis));
    return Long.parseLong(program.hear().split(" ")[0]);
  }

  /** One at a time, the median as it measured it itself. */
  double medianMicros(Workload<?, ?> workload, Duration length) throws IOException {
    program.say("call %d %d".formatted(bytes(workload), Math.max(1, length.toMillis())));
    return Double.parseDouble(program.hear());
  }

  private static int bytes(Workload<?, ?> workload) {
    return ((byte[]) workload.input()).length;
  }

  @Override
  public Flow open(Workload<?, ?> workload) {
    throw new UnsupportedOperationException("it submits its jobs itself");
  }

  @Override
  public void call(Workload<?, ?> workload) {
    throw new UnsupportedOperationException("it submits its jobs itself");
  }

  @Override
  public void close() throws IOException {
    program.close();
  }
}
