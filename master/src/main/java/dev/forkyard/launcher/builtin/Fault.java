package dev.forkyard.launcher.builtin;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Fails as its input says, to try what happens then; any other input is answered with itself. */
public final class Fault implements JobHandler<String, String> {

  @SuppressWarnings("UnusedVariable") // keeps the compiler from leaving out what is computed
  private static volatile long sink;

  @Override
  public String handle(String input, JobContext context) throws Exception {
    String[] words = input.split(" ", 2);
    String argument = words.length > 1 ? words[1] : "";
    switch (words[0]) {
      case "throw" -> throw new IllegalStateException(argument.isEmpty() ? "as told" : argument);
      case "exit" -> System.exit(Integer.parseInt(argument));
      case "halt" -> Runtime.getRuntime().halt(Integer.parseInt(argument));
      case "segv" -> segv();
      case "kill" -> signal("KILL");
      case "stop" -> signal("STOP");
      case "oom" -> exhaustHeap();
      case "stackoverflow" -> sink = recurse(1);
      case "spin" -> spin();
      case "spin-counted" -> sink = spinCounted();
      case "print" -> System.out.println(argument);
      case "grandchild" -> new ProcessBuilder("sleep", argument).inheritIO().start().waitFor();
      default -> {}
    }
    return input;
  }

  /** Writes where nothing is mapped, as a faulty native library would. */
  private static void segv() throws ReflectiveOperationException {
    Class<?> unsafe = Class.forName("sun.misc.Unsafe");
    var field = unsafe.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    unsafe.getMethod("putAddress", long.class, long.class).invoke(field.get(null), 0L, 0L);
  }

  private static void signal(String name) throws IOException, InterruptedException {
    String pid = Long.toString(ProcessHandle.current().pid());
    new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid).start().waitFor();
  }

  private static void exhaustHeap() {
    List<long[]> all = new ArrayList<>();
    while (true) {
      all.add(new long[Integer.MAX_VALUE / 2]);
      sink = all.size();
    }
  }

  @SuppressWarnings("InfiniteRecursion") // that is the fault
  private static long recurse(long depth) {
    return recurse(depth + 1) + 1;
  }

  private static void spin() {
    while (true) {
      Thread.onSpinWait();
    }
  }

  /** A counted loop, in which a JVM without the right flags has no safepoint. */
  private static long spinCounted() {
    long sum = 0;
    while (sum >= 0) {
      for (int i = 1; i < Integer.MAX_VALUE; i++) {
        sum += i % 3;
      }
      sum &= Long.MAX_VALUE;
    }
    return sum;
  }
}
