package dev.forkyard.benchmarks.contender;

import dev.forkyard.benchmarks.measure.Contender;
import dev.forkyard.benchmarks.measure.Jvm;
import dev.forkyard.benchmarks.measure.LineProcess;
import dev.forkyard.benchmarks.measure.Workload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** As many processes as a pool has workers, which need no master: the limit for CPU jobs. */
public final class InlineProcesses implements Contender {

  private final List<LineProcess> processes = new ArrayList<>();

  /** Starts so many. */
  public InlineProcesses(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      processes.add(LineProcess.start(Jvm.command(Jvm.workerOptions(), InlineWorker.class)));
    }
  }

  @Override
  public String name() {
    return processes.size() + " inline processes";
  }

  @Override
  public Flow open(Workload<?, ?> workload) {
    throw new UnsupportedOperationException("each process has its own jobs");
  }

  @Override
  public void call(Workload<?, ?> workload) {
    throw new UnsupportedOperationException("nobody asks for a job");
  }

  @Override
  public long run(Workload<?, ?> workload, long deadline) throws IOException {
    for (LineProcess process : processes) {
      process.say(workload.input() + " " + (deadline - System.nanoTime()));
    }
    long jobs = 0;
    for (LineProcess process : processes) {
      jobs += Long.parseLong(process.hear());
    }
    return jobs;
  }

  @Override
  public List<Long> workerPids() {
    return processes.stream().map(LineProcess::pid).toList();
  }

  @Override
  public void close() throws IOException {
    for (LineProcess process : processes) {
      process.close();
    }
  }
}
