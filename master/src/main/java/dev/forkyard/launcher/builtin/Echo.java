package dev.forkyard.launcher.builtin;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;

/** Answers with its input. */
public final class Echo implements JobHandler<String, String> {

  @Override
  public String handle(String input, JobContext context) {
    return input;
  }
}
