package example;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ExecResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

public final class ThreeByExec {
  public static void main(String[] args) {
    List<CompletableFuture<ExecResult>> children = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      children.add(ChildProcess.exec("echo Child process " + i + " executed."));
    }
    for (CompletableFuture<ExecResult> child : children) {
      System.out.print(child.join().stdout());
    }
  }
}
