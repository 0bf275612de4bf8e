package example;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ExecException;
import dev.forkyard.process.ExecOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;

public final class WhatGoesWrong {

  public static void main(String[] args) {
    tell("ls /no/such/file", ExecOptions.defaults());
    tell("echo so far; sleep 100", ExecOptions.builder().timeout(Duration.ofSeconds(3)).build());
    tell("yes", ExecOptions.builder().maxBuffer(1000).build());
    try {
      ChildProcess.execFile(List.of("no-such-program")).join();
    } catch (CompletionException e) {
      System.out.println(e.getCause().getCause().getMessage());
    }
  }

  private static void tell(String commandLine, ExecOptions options) {
    try {
      ChildProcess.exec(commandLine, options).join();
    } catch (CompletionException e) {
      ExecException failed = (ExecException) e.getCause();
      System.out.println(
          "exit code "
              + failed.result().exitCode()
              + ", signal "
              + failed.result().signal()
              + ", timed out "
              + failed.timedOut()
              + ", "
              + failed.result().stdoutBytes().length
              + " bytes of output");
    }
  }
}
