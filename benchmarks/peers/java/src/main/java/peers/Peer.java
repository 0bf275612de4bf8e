package peers;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;

/** A way to run echoes, measured as README.md says. */
interface Peer {

  /** Runs jobs until the deadline has passed and all have ended; how many. */
  long run(byte[] payload, int inFlight, long deadline) throws Exception;

  void call(byte[] payload) throws Exception;

  /** Obeys the lines of standard input. */
  static void serve(Peer peer) throws Exception {
    peer.call(new byte[16]);
    System.out.println("ready");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      byte[] payload = new byte[Integer.parseInt(words[1])];
      long millis = Long.parseLong(words[words.length - 1]);
      System.out.println(
          words[0].equals("run")
              ? run(peer, payload, Integer.parseInt(words[2]), millis)
              : calls(peer, payload, millis));
    }
  }

  private static String run(Peer peer, byte[] payload, int inFlight, long millis) throws Exception {
    long start = System.nanoTime();
    long jobs = peer.run(payload, inFlight, start + millis * 1_000_000);
    return jobs + " " + (System.nanoTime() - start) / 1e9;
  }

  private static double calls(Peer peer, byte[] payload, long millis) throws Exception {
    double[] micros = new double[1 << 20];
    int count = 0;
    long start = System.nanoTime();
    for (long before = start; before - start < millis * 1_000_000 && count < micros.length; ) {
      peer.call(payload);
      long after = System.nanoTime();
      micros[count++] = (after - before) / 1e3;
      before = after;
    }
    double[] sorted = Arrays.copyOf(micros, count);
    Arrays.sort(sorted);
    return sorted[count / 2];
  }
}
