package example;

import dev.forkyard.process.ChildProcess;
import java.util.List;

public final class ThreeBySpawn {
  public static void main(String[] args) {
    for (int i = 0; i < 3; i++) {
      ChildProcess child = ChildProcess.spawn(List.of("echo", "Child process " + i + " executed."));
      child.stdout().onLine(System.out::println);
      child.onClose().thenAccept(status -> System.out.println("child " + status)).join();
    }
  }
}
