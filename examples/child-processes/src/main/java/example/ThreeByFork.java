package example;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ForkedProcess;

public final class ThreeByFork {
  public static void main(String[] args) {
    for (int i = 0; i < 3; i++) {
      ForkedProcess child = ChildProcess.fork(Support.class, String.valueOf(i));
      child.onClose().thenAccept(status -> System.out.println("child " + status)).join();
    }
  }
}
