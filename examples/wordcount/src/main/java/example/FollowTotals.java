package example;

import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.JobOptions;
import dev.forkyard.pool.ProcessPool;
import java.util.List;

/** Counts the lines of the files that are its arguments, and shows how far it has got. */
public final class FollowTotals {

  private FollowTotals() {}

  public static void main(String[] files) throws Exception {
    try (ProcessPool pool = ProcessPool.builder().workers(1).build()) {
      JobOptions options =
          JobOptions.defaults()
              .withListener(LineTotals.Done.class, done -> System.out.println(done.files()));
      JobFuture<Long> total = pool.submit(LineTotals.class, List.of(files), options);
      System.in.read();
      total.send(new LineTotals.Enough());
      System.out.println(total.join());
    }
  }
}
