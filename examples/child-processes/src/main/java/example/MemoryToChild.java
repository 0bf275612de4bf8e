package example;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ForkedProcess;
import dev.forkyard.worker.ParentProcess;
import dev.forkyard.worker.SharedMemory;
import java.io.IOException;
import java.nio.LongBuffer;
import java.util.concurrent.CompletableFuture;

public final class MemoryToChild {

  public static final class Child {
    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(
          SharedMemory.class,
          memory -> {
            try (memory) {
              LongBuffer numbers = memory.buffer().asLongBuffer();
              for (int i = 0; i < numbers.limit(); i++) {
                numbers.put(i, numbers.get(i) * 2);
              }
            }
            parent.send("doubled");
          });
    }
  }

  public static void main(String[] args) throws IOException {
    ForkedProcess child = ChildProcess.fork(Child.class);
    CompletableFuture<String> answer = new CompletableFuture<>();
    child.onMessage(String.class, answer::complete);
    try (SharedMemory memory = SharedMemory.allocate(64 << 20)) {
      LongBuffer numbers = memory.buffer().asLongBuffer();
      for (int i = 0; i < numbers.limit(); i++) {
        numbers.put(i, i);
      }
      child.send(memory);
      System.out.println(answer.join() + ": number 1000 is " + numbers.get(1000));
    }
    child.disconnect();
    System.out.println("the child " + child.onExit().join());
  }
}
