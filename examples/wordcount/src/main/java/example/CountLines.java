package example;

import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.SerializableExecutorService;
import dev.forkyard.worker.SerializableCallable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;

/** Counts the lines of files as a program does that knows nothing of Forkyard but its executor. */
public final class CountLines {

  public static void main(String[] files) throws Exception {
    try (ProcessPool pool = ProcessPool.builder().workers(2).build();
        SerializableExecutorService executor = pool.asExecutorService()) {
      List<SerializableCallable<Long>> tasks = new ArrayList<>();
      for (String file : files) {
        tasks.add(() -> count(file));
      }
      long sum = 0;
      for (Future<Long> lines : executor.invokeAll(tasks)) {
        sum += lines.get();
      }
      System.out.println(sum + " lines in all");
      printAsTheyEnd(executor, files);
    }
  }

  private static void printAsTheyEnd(SerializableExecutorService executor, String[] files)
      throws Exception {
    BlockingQueue<JobFuture<String>> ended = new LinkedBlockingQueue<>();
    for (String file : files) {
      JobFuture<String> future = executor.submit(() -> file + ": " + count(file));
      future.whenComplete((line, failure) -> ended.add(future));
    }
    for (int i = 0; i < files.length; i++) {
      System.out.println(ended.take().get());
    }
  }

  private static long count(String file) throws Exception {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines.count();
    }
  }
}
