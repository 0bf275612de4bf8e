package peers;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import net.viktorc.pp4j.api.JavaProcessExecutorService;
import net.viktorc.pp4j.impl.JavaProcessPoolExecutor;
import net.viktorc.pp4j.impl.SimpleJavaProcessOptions;

/** PP4J: serialized lambdas over the standard streams of worker JVMs. */
final class Pp4j implements Peer {

  private interface Task extends Callable<byte[]>, Serializable {}

  private interface Start extends Runnable, Serializable {}

  private final JavaProcessPoolExecutor pool;

  private Pp4j(int workers) throws InterruptedException {
    Start nothing = () -> {};
    this.pool =
        new JavaProcessPoolExecutor(
            new SimpleJavaProcessOptions(64, 256, 1024, 0), workers, workers, 0, nothing, false);
  }

  public static void main(String[] args) throws Exception {
    Pp4j peer = new Pp4j(Integer.parseInt(args[0]));
    Peer.serve(peer);
    peer.pool.shutdown();
  }

  private static Future<byte[]> submit(JavaProcessExecutorService pool, byte[] payload) {
    Task task = () -> payload;
    return pool.submit(task);
  }

  @Override
  public long run(byte[] payload, int inFlight, long deadline) throws Exception {
    ArrayDeque<Future<byte[]>> unfinished = new ArrayDeque<>();
    long jobs = 0;
    while (System.nanoTime() - deadline < 0) {
      if (unfinished.size() == inFlight) {
        unfinished.remove().get();
      }
      unfinished.add(submit(pool, payload));
      jobs++;
    }
    for (Future<byte[]> future : unfinished) {
      future.get();
    }
    return jobs;
  }

  @Override
  public void call(byte[] payload) throws Exception {
    submit(pool, payload).get();
  }
}
