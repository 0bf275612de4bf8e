package dev.forkyard.benchmarks;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ExecOptions;
import dev.forkyard.process.ForkOptions;
import dev.forkyard.process.ForkedProcess;
import dev.forkyard.process.SpawnOptions;
import dev.forkyard.process.Stdio;
import dev.forkyard.worker.ParentProcess;
import dev.forkyard.worker.SharedMemory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The layer beneath the pool against Node's {@code child_process}, in one run where Node is there:
 * the two take turns, round by round, and each figure is the median of its rounds with its least
 * and largest. The arguments are the folder of the peers' programs and, where not all is to be
 * measured, a part of the lines' names.
 */
public final class ChildProcesses {

  private static final int ROUNDS = 5;
  private static final int MIB = 1 << 20;
  private static final int LARGE_BYTES = 64 * MIB;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private interface Measurement {
    double take() throws Exception;
  }

  private final Path script;
  private final boolean hasNode;
  private final String part;

  private ChildProcesses(Path peers, String part) {
    this.part = part;
    this.script = peers.resolve("child-process.js").toAbsolutePath();
    this.hasNode =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "node")));
  }

  /** Prints a table. */
  public static void main(String[] args) throws Exception {
    Path peers = Path.of(args.length > 0 ? args[0] : "benchmarks/peers");
    if (!Files.isDirectory(peers)) {
      System.err.println("there is no folder " + peers + "; name the one of child-process.js");
      System.exit(2);
    }
    new ChildProcesses(peers, args.length > 1 ? args[1] : "").run();
    System.exit(0);
  }

  private void run() throws Exception {
    System.out.printf(
        "Java %s, %d cores, %s%n",
        Runtime.version(),
        Runtime.getRuntime().availableProcessors(),
        hasNode ? "Node " + exec(List.of("node", "--version")).strip() : "Node is not here");
    System.out.printf(
        "%-42s %30s %30s %8s%n", "median (least to most)", "Forkyard", "Node", "ratio");
    spawns("1 at a time", 300, 1);
    spawns("8 at once", 500, 8);
    messages(16, 200_000, 128);
    messages(1024, 100_000, 128);
    messages(MIB, 1_000, 4);
    roundTrip(16, 10_000);
    roundTrip(1024, 10_000);
    roundTrip(MIB, 500);
    if ("shared memory".contains(part)) {
      large();
    }
  }

  /** By default a child stays in its parent's session, as in Node. */
  private void spawns(String how, int count, int inFlight) throws Exception {
    for (boolean own : new boolean[] {false, true}) {
      compare(
          "/bin/true " + how + ", " + (own ? "own" : "same") + " session, /s",
          () -> spawn(count, inFlight, own),
          "spawn",
          0,
          count,
          inFlight);
    }
  }

  private void messages(int size, int count, int inFlight) throws Exception {
    compare(
        "messages there and back, " + name(size) + ", /s",
        () -> echo(size, count, inFlight, false),
        "messages",
        size,
        count,
        inFlight);
  }

  private void roundTrip(int size, int count) throws Exception {
    compare(
        "round trip, " + name(size) + ", p50 µs",
        () -> echo(size, count, 1, true),
        "roundTrip",
        size,
        count,
        1);
  }

  private static String name(int size) {
    return size >= MIB ? size / MIB + " MiB" : size >= 1024 ? size / 1024 + " KiB" : size + " B";
  }

  private void compare(
      String what, Measurement ours, String metric, int size, int count, int inFlight)
      throws Exception {
    if (!what.contains(part)) {
      return;
    }
    double[] forkyard = new double[ROUNDS];
    double[] node = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    ours.take();
    for (int i = 0; i < ROUNDS; i++) {
      forkyard[i] = ours.take();
      node[i] = hasNode ? node(metric, size, count, inFlight) : Double.NaN;
      ratios[i] = forkyard[i] / node[i];
    }
    System.out.printf(
        "%-42s %30s %30s %8.2f%n", what, spread(forkyard), spread(node), median(ratios));
  }

  private double node(String metric, int size, int count, int inFlight) throws Exception {
    return Double.parseDouble(
        exec(List.of(
                "node",
                script.toString(),
                metric,
                Integer.toString(size),
                Integer.toString(count),
                Integer.toString(inFlight)))
            .strip());
  }

  private static String exec(List<String> command) throws Exception {
    return ChildProcess.execFile(command, ExecOptions.builder().timeout(LIMIT).build())
        .get()
        .stdout();
  }

  private static String spread(double[] figures) {
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    return "%,.0f (%,.0f to %,.0f)".formatted(median(sorted), sorted[0], sorted[ROUNDS - 1]);
  }

  private static double median(double[] figures) {
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static double spawn(int count, int inFlight, boolean ownSession)
      throws InterruptedException {
    SpawnOptions.Builder builder =
        SpawnOptions.builder().stdin(Stdio.ignore()).stdout(Stdio.ignore()).stderr(Stdio.ignore());
    SpawnOptions options = (ownSession ? builder.ownSession() : builder).build();
    Semaphore places = new Semaphore(inFlight);
    long since = System.nanoTime();
    for (int i = 0; i < count; i++) {
      places.acquire();
      ChildProcess.spawn(List.of("/bin/true"), options).onExit().thenRun(places::release);
    }
    places.acquire(inFlight);
    return count / seconds(since);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  /** Sends back what it gets. */
  public static final class EchoChild {

    private EchoChild() {}

    /** Forked. */
    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(String.class, parent::send);
      parent.onMessage(byte[].class, parent::send);
      parent.onMessage(
          SharedMemory.class,
          memory -> {
            try (memory) {
              ByteBuffer bytes = memory.buffer();
              bytes.put(0, (byte) 2);
              parent.send("written");
            }
          });
    }
  }

  private static ForkedProcess echoChild() {
    return ChildProcess.fork(
        EchoChild.class,
        ForkOptions.builder()
            .jvmOptions(List.of("-XX:+IgnoreUnrecognizedVMOptions", "-Xmx512m"))
            .build());
  }

  private static double echo(int size, int count, int inFlight, boolean roundTrip)
      throws Exception {
    Object message = size > 4096 ? new byte[size] : "x".repeat(size);
    // Until the compilers are done and the heap was used once: its fresh pages cost the more.
    int warmUp = size > 4096 ? 1_000 : 150_000;
    ForkedProcess child = echoChild();
    try {
      return roundTrip
          ? roundTrips(child, message, warmUp, count)
          : throughput(child, message, warmUp, count, inFlight);
    } finally {
      child.disconnect();
      child.onExit().get();
    }
  }

  private static double throughput(
      ForkedProcess child, Object message, int warmUp, int count, int inFlight) throws Exception {
    AtomicInteger received = new AtomicInteger();
    BlockingQueue<Long> marks = new LinkedBlockingQueue<>();
    child.onMessage(
        message.getClass(),
        echoed -> {
          int now = received.incrementAndGet();
          if (now == warmUp || now == warmUp + count) {
            marks.add(System.nanoTime());
          }
          if (now + inFlight <= warmUp + count) {
            child.send(message);
          }
        });
    for (int i = 0; i < inFlight; i++) {
      child.send(message);
    }
    long since = marks.take();
    return count / ((marks.take() - since) / 1e9);
  }

  private static double roundTrips(ForkedProcess child, Object message, int warmUp, int count)
      throws Exception {
    double[] times = new double[count];
    BlockingQueue<Double> median = new LinkedBlockingQueue<>();
    AtomicInteger received = new AtomicInteger();
    long[] sentAt = {System.nanoTime()};
    child.onMessage(
        message.getClass(),
        echoed -> {
          int index = received.getAndIncrement() - warmUp;
          if (index >= 0) {
            times[index] = (System.nanoTime() - sentAt[0]) / 1000.0;
          }
          if (index == count - 1) {
            median.add(median(times));
          } else {
            sentAt[0] = System.nanoTime();
            child.send(message);
          }
        });
    child.send(message);
    return median.take();
  }

  /** 64 MiB to a child that touches them: by the handle, and by the channel. */
  private void large() throws Exception {
    ForkedProcess child = echoChild();
    BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
    child.onMessage(String.class, answers::add);
    child.onMessage(byte[].class, answers::add);
    byte[] bytes = new byte[LARGE_BYTES];
    List<Double> shared = new ArrayList<>();
    List<Double> sent = new ArrayList<>();
    try (SharedMemory memory = SharedMemory.allocate(LARGE_BYTES)) {
      for (int i = 0; i <= ROUNDS; i++) {
        long since = System.nanoTime();
        memory.buffer().put(bytes);
        child.send(memory);
        answers.take();
        memory.buffer().get(bytes);
        double byMemory = seconds(since) * 1000;
        since = System.nanoTime();
        child.send(bytes);
        answers.take();
        double byChannel = seconds(since) * 1000;
        if (i > 0) {
          shared.add(byMemory);
          sent.add(byChannel);
        }
      }
    } finally {
      child.disconnect();
      child.onExit().get();
    }
    System.out.printf(
        "64 MiB there and back, ms: shared memory %s, channel %s%n",
        spread(array(shared)), spread(array(sent)));
  }

  private static double[] array(List<Double> figures) {
    return figures.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
