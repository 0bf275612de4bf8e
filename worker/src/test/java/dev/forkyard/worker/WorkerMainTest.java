package dev.forkyard.worker;

import static dev.forkyard.worker.ScriptedMaster.LIMIT;
import static dev.forkyard.worker.ScriptedMaster.MAX_FRAME_BYTES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.Encoding;
import dev.forkyard.protocol.Frame.FailureKind;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.Scoreboard;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A real worker process, and a master that says what the test wants it to say. */
@Timeout(120)
class WorkerMainTest {

  private static final int SMALL_FRAME_BYTES = 64 << 10;

  @TempDir private Path directory;

  private ScriptedMaster master;

  private ScriptedMaster start(String... options) throws Exception {
    master = unwelcomed(StandardProtocolFamily.UNIX, ScriptedMaster.TOKEN, options);
    return master.welcome(MAX_FRAME_BYTES);
  }

  private ScriptedMaster unwelcomed(StandardProtocolFamily family, String token, String... options)
      throws IOException {
    master = new ScriptedMaster(directory, family, token, options);
    return master;
  }

  @AfterEach
  void kill() throws Exception {
    if (master != null) {
      master.close();
    }
  }

  /** Answers with what it is given. */
  public static final class Echo implements JobHandler<byte[], byte[]> {
    @Override
    public byte[] handle(byte[] input, JobContext context) {
      return input;
    }
  }

  /** Tells which jobs ran here, and in which order. */
  public static final class Ran implements JobHandler<String, String> {

    private final List<Long> jobIds = new ArrayList<>();

    @Override
    public String handle(String input, JobContext context) {
      jobIds.add(context.jobId());
      return jobIds.toString();
    }
  }

  /** Waits until it is interrupted. */
  public static final class Waits implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      try {
        new CountDownLatch(1).await();
        return "never";
      } catch (InterruptedException e) {
        return "interrupted, cancelled: " + context.cancelled();
      }
    }
  }

  /** Keeps a core busy and listens to nobody. */
  public static final class Spins implements JobHandler<String, String> {

    private volatile long count;

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes it
    public String handle(String input, JobContext context) {
      while (count >= 0) {
        count++;
      }
      return "never";
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = StandardProtocolFamily.class,
      names = {"UNIX", "INET"})
  void theTokenFromStandardInputComesBackInTheGreeting(StandardProtocolFamily family)
      throws Exception {
    Frame.Hello hello = unwelcomed(family, ScriptedMaster.TOKEN).hello();
    assertThat(HexFormat.of().formatHex(hello.token())).isEqualTo(ScriptedMaster.TOKEN);
    assertThat(hello.version()).isEqualTo(FrameCodec.VERSION);
    assertThat(hello.workerId()).isEqualTo(ScriptedMaster.WORKER_ID);
    assertThat(hello.pid()).isEqualTo(master.process.pid());
    master.send(new Frame.Welcome(FrameCodec.VERSION, MAX_FRAME_BYTES, 0));
    master.run(1, Echo.class, "works");
    assertThat(master.result(1)).isEqualTo("works");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0123"})
  void aWorkerWithoutAWholeTokenEndsWithoutConnecting(String token) throws Exception {
    unwelcomed(StandardProtocolFamily.UNIX, token);
    assertThat(master.exitCode()).isEqualTo(1);
    assertThat(master.output()).contains("started by a pool, with a token on standard input");
  }

  @Test
  void aWorkerThatIsNotWelcomeEnds() throws Exception {
    unwelcomed(StandardProtocolFamily.UNIX, ScriptedMaster.TOKEN).hello();
    master.hangUp();
    assertThat(master.exitCode()).isEqualTo(1);
  }

  @Test
  void jobsRunOneAfterTheOtherInTheOrderInWhichTheyWereSent() throws Exception {
    start();
    List<Long> sent = new ArrayList<>();
    for (long jobId = 1_000; jobId > 0; jobId -= 7) {
      master.run(jobId, Ran.class, "");
      sent.add(jobId);
    }
    for (int i = 0; i < sent.size(); i++) {
      assertThat(master.result(sent.get(i))).isEqualTo(sent.subList(0, i + 1).toString());
    }
  }

  @Test
  void nullIsAValueInBothDirections() throws Exception {
    start();
    master.send(
        new Frame.Run(1, 1, Echo.class.getName(), 1, 0, Encoding.BINARY, null),
        new Frame.Run(2, 1, null, 1, 0, Encoding.TEXT, null));
    assertThat(master.next(Frame.Result.class).value()).isNull();
    assertThat(master.result(2)).isEqualTo("jnull");
  }

  /** Leaves a thread behind that interrupts the job's for as long as the worker lives. */
  public static final class LeavesInterrupter implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      Thread jobThread = Thread.currentThread();
      Thread interrupter =
          new Thread(
              () -> {
                while (true) {
                  jobThread.interrupt();
                  Thread.onSpinWait();
                }
              });
      interrupter.setDaemon(true);
      interrupter.start();
      return "left";
    }
  }

  /** More than a socket holds, to and from a worker that does not block. */
  @Test
  void largeJobsAreAnsweredWholeWhileTheWorkerSpins() throws Exception {
    ScriptedMaster master = unwelcomed(StandardProtocolFamily.UNIX, ScriptedMaster.TOKEN);
    master.welcome(MAX_FRAME_BYTES, 1_000_000);
    byte[] input = new byte[MAX_FRAME_BYTES / 2];
    new Random(1).nextBytes(input);
    for (long jobId = 1; jobId <= 3; jobId++) {
      master.run(jobId, Echo.class.getName(), input, Encoding.BINARY);
      Frame.Result result = master.next(Frame.Result.class);
      assertThat(result.jobId()).isEqualTo(jobId);
      assertThat(result.value()).isEqualTo(input);
    }
  }

  @Test
  void interruptsThatAJobLeavesBehindDoNotEndTheConnection() throws Exception {
    ScriptedMaster master = start();
    master.run(1, LeavesInterrupter.class, "");
    assertThat(master.result(1)).isEqualTo("left");
    for (long jobId = 2; jobId < 200; jobId++) {
      master.run(jobId, Echo.class, "again");
      assertThat(master.result(jobId)).isEqualTo("again");
    }
  }

  /** Takes so many microseconds. */
  public static final class Takes implements JobHandler<String, String> {
    @Override
    public String handle(String micros, JobContext context) {
      long end = System.nanoTime() + Long.parseLong(micros) * 1_000;
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      return micros;
    }
  }

  /** Who reads changes with each job that is longer than a moment. */
  @ParameterizedTest
  @ValueSource(longs = {0, 200_000})
  void jobsLongAndShortAreAllAnsweredAndTheMasterIsHeardWhileTheyRun(long spinNanos)
      throws Exception {
    ScriptedMaster master = unwelcomed(StandardProtocolFamily.UNIX, ScriptedMaster.TOKEN);
    master.welcome(MAX_FRAME_BYTES, spinNanos);
    Random random = new Random(1);
    for (long jobId = 1; jobId <= 1_000; jobId++) {
      int burst = random.nextInt(4);
      List<String> micros = new ArrayList<>();
      long first = jobId;
      for (int i = 0; i <= burst; i++) {
        micros.add(Integer.toString(random.nextInt(3) == 0 ? random.nextInt(2_500) : 1));
        master.run(jobId++, Takes.class, micros.get(i));
      }
      if (random.nextInt(4) == 0) {
        // No job of this id is there; but an answer must come, whoever reads.
        master.cancel(Long.MAX_VALUE);
      }
      for (int i = 0; i <= burst; i++) {
        assertThat(master.result(first + i)).isEqualTo(micros.get(i));
      }
    }
  }

  /** A reply waits for that of a job behind it, which then does not come. */
  @Test
  void aReplyIsSentAlsoWhereTheJobBehindItIsTakenBack() throws Exception {
    start();
    master.run(1, Takes.class, "1");
    master.result(1);
    for (long jobId = 2; jobId < 20; jobId += 2) {
      master.send(
          takesMicros(jobId, "1500"),
          takesMicros(jobId + 1, "1"),
          new Frame.Recall(new long[] {jobId + 1}));
      assertThat(master.next(Frame.Returned.class).jobIds()).containsExactly(jobId + 1);
      assertThat(master.result(jobId)).isEqualTo("1500");
    }
  }

  private static Frame.Run takesMicros(long jobId, String micros) {
    byte[] input = micros.getBytes(UTF_8);
    return new Frame.Run(jobId, 1, null, 1, 0, Frame.Encoding.BINARY, input);
  }

  @Test
  void aJobThatIsTakenBackBeforeItsStartNeverRuns() throws Exception {
    start();
    master.run(1, Waits.class, "");
    master.run(2, Ran.class, "");
    master.run(3, Ran.class, "");
    master.run(4, Ran.class, "");
    master.awaitStart(1);
    // 1 runs, 3 is named twice, and nobody knows 99.
    master.send(new Frame.Recall(new long[] {4, 1, 99, 3, 3}));
    assertThat(master.next(Frame.Returned.class).jobIds()).containsExactly(4, 3);
    master.cancel(1);
    master.result(1);
    assertThat(master.result(2)).isEqualTo("[2]");
    // It may come back later.
    master.run(4, Ran.class, "");
    assertThat(master.result(4)).isEqualTo("[2, 4]");
    master.send(new Frame.Recall(new long[] {2, 4}));
    assertThat(master.next(Frame.Returned.class).jobIds()).isEmpty();
  }

  @Test
  void aCancelledJobIsInterruptedAndTheDumpTellsWhereItWas() throws Exception {
    start();
    master.run(1, Waits.class, "");
    master.awaitStart(1);
    // A job that does not run is not interrupted, nor is its neighbour.
    awaitJobThreadIn("Waits.handle", 2);
    String dump = master.cancel(1);
    assertThat(dump).startsWith("\"forkyard-job\" ").contains("\"main\" ");
    assertThat(dump.split("\n\n")[0]).contains("Waits.handle");
    assertThat(master.result(1)).isEqualTo("interrupted, cancelled: true");
    // The interrupt was that job's alone.
    master.run(2, Ran.class, "");
    assertThat(master.result(2)).isEqualTo("[2]");
  }

  /** Asks until the stack of the job thread, which stands first, has this in it. */
  private void awaitJobThreadIn(String method, long jobId) {
    await().atMost(LIMIT).until(() -> master.cancel(jobId).split("\n\n")[0].contains(method));
  }

  @Test
  void aCondemnedWorkerStartsNothingMoreAndAnswersNoJob() throws Exception {
    start();
    master.run(1, Waits.class, "");
    master.awaitStart(1);
    assertThat(master.scoreboard.condemn(1)).isTrue();
    awaitJobThreadIn("condemned", 1);
    master.run(2, Ran.class, "");
    master.run(3, Ran.class, "");
    // It still answers, and only that.
    master.send(new Frame.Recall(new long[] {2}));
    assertThat(master.next(Frame.Returned.class).jobIds()).containsExactly(2);
    awaitJobThreadIn("condemned", 1);
    assertThat(master.heardNothing()).isTrue();
    assertThat(master.scoreboard.read(0).state()).isEqualTo(Scoreboard.State.CONDEMNED);
    assertThat(master.scoreboard.read(0).run()).isEqualTo(1);
  }

  /** Prints when it stops. */
  public static final class Stops implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook ran")));
      return input;
    }

    @Override
    public void stop() {
      System.out.println("stopped");
    }
  }

  /** Its stop hook throws. */
  public static final class StopsBadly implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      return input;
    }

    @Override
    public void stop() {
      throw new AssertionError("does not stop");
    }
  }

  @Test
  void aWorkerThatDrainsFinishesItsJobsRunsAllHooksSaysGoodbyeAndExits() throws Exception {
    start();
    master.run(1, StopsBadly.class, "a");
    master.run(2, Stops.class, "b");
    master.send(new Frame.Drain());
    assertThat(master.result(1)).isEqualTo("a");
    assertThat(master.result(2)).isEqualTo("b");
    assertThat(master.next(Frame.Goodbye.class).reason()).isEqualTo("drained");
    assertThat(master.exitCode()).isZero();
    assertThat(master.output())
        .containsSubsequence("AssertionError: does not stop", "stopped", "hook ran");
    assertThat(master.scoreboard.exitMarked()).isTrue();
  }

  /** Ends the JVM. */
  public static final class Exits implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      System.exit(Integer.parseInt(input));
      return "never";
    }
  }

  @Test
  void aJobThatExitsTakesTheWorkerAlongWithItsCode() throws Exception {
    start();
    master.run(1, Exits.class, "137");
    assertThat(master.exitCode()).isEqualTo(137);
    assertThat(master.scoreboard.exitMarked()).isTrue();
    assertThat(master.heardNothing()).isTrue();
  }

  @Test
  void theEndOfTheConnectionEndsTheWorkerThoughAJobSpins() throws Exception {
    start();
    master.run(1, Spins.class, "");
    master.awaitStart(1);
    master.hangUp();
    assertThat(master.exitCode()).isZero();
    assertThat(master.scoreboard.exitMarked()).isFalse();
  }

  @Test
  void aMasterThatTalksNonsenseIsLeft() throws Exception {
    start();
    master.write(ByteBuffer.wrap(new byte[] {3, 0x7A, 1, 0}));
    assertThat(master.exitCode()).isZero();
    assertThat(master.heardNothing()).isTrue();
  }

  /** Reads and writes where a protocol might be. */
  public static final class Noisy implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws IOException {
      byte[] frame = {7, 0x22, 5, 8, 1, 16, 1, 26};
      StringBuilder read = new StringBuilder();
      for (InputStream in : List.of(System.in, new FileInputStream(FileDescriptor.in))) {
        read.append(in.read());
      }
      byte[] noise = new byte[200_000];
      new Random(1).nextBytes(noise);
      for (OutputStream out :
          List.of(
              System.out,
              System.err,
              new FileOutputStream(FileDescriptor.out),
              new FileOutputStream(FileDescriptor.err))) {
        out.write(frame);
        out.write(noise);
        out.flush();
      }
      System.out.close();
      System.setOut(null);
      System.setErr(null);
      System.setIn(null);
      return read.toString();
    }
  }

  @Test
  void whatAJobReadsAndPrintsNeverMeetsTheProtocol() throws Exception {
    start();
    master.run(1, Noisy.class, "");
    master.run(2, Echo.class, "works");
    assertThat(master.result(1)).isEqualTo("-1-1");
    assertThat(master.result(2)).isEqualTo("works");
    assertThat(master.output().length()).isGreaterThanOrEqualTo(4 * 200_000);
    assertThat(master.heardNothing()).isTrue();
  }

  /** Throws what it is told to. */
  public static final class Throws implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws Exception {
      return switch (input) {
        case "deep" -> handle(input, context) + handle(input, context);
        case "loud" -> throw new IllegalStateException("\u4e16".repeat(1_000_000));
        case "link" -> throw new NoClassDefFoundError("gone");
        case "plain" -> throw new IOException("no file");
        default -> input;
      };
    }
  }

  @Test
  void anErrorThatLeavesTheVirtualMachineInDoubtIsToldAndEndsTheWorker() throws Exception {
    start();
    master.run(1, Throws.class, "link");
    master.run(2, Throws.class, "plain");
    master.run(3, Throws.class, "deep");
    master.run(4, Ran.class, "");
    assertThat(master.failure(1, FailureKind.THROWN).fatal()).isFalse();
    assertThat(master.failure(2, FailureKind.THROWN).fatal()).isFalse();
    Frame.Failure failure = master.failure(3, FailureKind.THROWN);
    assertThat(failure.className()).isEqualTo("java.lang.StackOverflowError");
    assertThat(failure.stack()).contains("Throws.handle");
    assertThat(failure.fatal()).isTrue();
    assertThat(master.next(Frame.Goodbye.class).reason()).isEqualTo("java.lang.StackOverflowError");
    assertThat(master.exitCode()).isEqualTo(1);
    assertThat(master.heardNothing()).isTrue();
  }

  /** It is no handler. */
  public static final class NoHandler {}

  /** Can't be made from outside. */
  public static final class Hidden implements JobHandler<String, String> {
    Hidden() {}

    @Override
    public String handle(String input, JobContext context) {
      return input;
    }
  }

  /** Can't be made at all. */
  public abstract static class Unfinished implements JobHandler<String, String> {}

  /** Can't be made today. */
  public static final class Unmade implements JobHandler<String, String> {

    /** Refuses. */
    public Unmade() {
      throw new IllegalStateException("no dictionary");
    }

    @Override
    public String handle(String input, JobContext context) {
      return input;
    }
  }

  /** Its class can't be initialized. */
  public static final class Uninitialized implements JobHandler<String, String> {

    private static final int SIZE = Integer.parseInt("none");

    @Override
    public String handle(String input, JobContext context) {
      return input + SIZE;
    }
  }

  /** Its types are not known. */
  public static final class Open<T> implements JobHandler<T, String> {
    @Override
    public String handle(T input, JobContext context) {
      return "";
    }
  }

  /** Starts at its second attempt. */
  public static final class Hesitant implements JobHandler<String, String> {

    private static int starts;

    @Override
    public void start() throws IOException {
      if (++starts == 1) {
        throw new IOException("not yet");
      }
    }

    @Override
    public String handle(String input, JobContext context) {
      return input + starts;
    }
  }

  @Test
  void aHandlerThatCannotBeUsedFailsItsJobAndNoOther() throws Exception {
    start();
    int jobId = 0;
    for (Class<?> handler :
        List.of(
            NoHandler.class,
            Hidden.class,
            Unfinished.class,
            Unmade.class,
            Uninitialized.class,
            Open.class,
            Hesitant.class)) {
      master.run(++jobId, handler, "");
    }
    master.run(8, "no.such.Handler", new byte[0], Encoding.BINARY);
    master.run(9, Hesitant.class, "start ");
    assertUnusable(1, IllegalArgumentException.class, "NoHandler does not implement JobHandler");
    assertUnusable(2, IllegalArgumentException.class, "with a public no-argument constructor");
    assertUnusable(3, IllegalArgumentException.class, "with a public no-argument constructor");
    assertUnusable(4, IllegalStateException.class, "no dictionary");
    assertUnusable(5, ExceptionInInitializerError.class, null);
    assertUnusable(6, IllegalArgumentException.class, "leaves the type parameter I of JobHandler");
    assertUnusable(7, IOException.class, "not yet");
    assertUnusable(
        8, IllegalArgumentException.class, "no class no.such.Handler on the worker's class path");
    assertThat(master.result(9)).isEqualTo("start 2");
  }

  private void assertUnusable(long jobId, Class<?> thrown, String message) throws Exception {
    Frame.Failure failure = master.failure(jobId, FailureKind.HANDLER);
    assertThat(failure.className()).isEqualTo(thrown.getName());
    if (message != null) {
      assertThat(failure.message()).contains(message);
    }
    assertThat(failure.fatal()).isFalse();
  }

  /** Answers with as many characters as it is told to. */
  public static final class Repeats implements JobHandler<Integer, String> {
    @Override
    public String handle(Integer length, JobContext context) {
      return "x".repeat(length);
    }
  }

  @Test
  void whatDoesNotFitIntoAFrameFailsItsJobAndNoOther() throws Exception {
    unwelcomed(StandardProtocolFamily.UNIX, ScriptedMaster.TOKEN).welcome(SMALL_FRAME_BYTES);
    master.run(1, Repeats.class.getName(), integer(SMALL_FRAME_BYTES), Encoding.BINARY);
    master.run(2, Repeats.class.getName(), integer(SMALL_FRAME_BYTES - 256), Encoding.BINARY);
    master.run(3, Repeats.class.getName(), new byte[3], Encoding.BINARY);
    master.run(4, Throws.class, "loud");
    Frame.Failure failure = master.failure(1, FailureKind.OUTPUT);
    assertThat(failure.message())
        .isEqualTo(
            "the result has 65536 bytes, more than a frame of 65536 holds; raise maxFrameBytes or"
                + " answer with a file");
    assertThat(master.result(2)).hasSize(SMALL_FRAME_BYTES - 256);
    assertThat(master.failure(3, FailureKind.INPUT).message())
        .isEqualTo("4 bytes expected, but there are 3");
    Frame.Failure loud = master.failure(4, FailureKind.THROWN);
    assertThat(FrameCodec.sizeOf(loud)).isLessThanOrEqualTo(SMALL_FRAME_BYTES);
  }

  private static byte[] integer(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  /** Has many threads with deep stacks. */
  public static final class Crowded implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws InterruptedException {
      CountDownLatch deep = new CountDownLatch(20);
      for (int i = 0; i < 20; i++) {
        new Thread(() -> descend(200, deep)).start();
      }
      deep.await();
      return "deep";
    }

    private static void descend(int levels, CountDownLatch deep) {
      if (levels > 0) {
        descend(levels - 1, deep);
      } else {
        deep.countDown();
        new Waits().handle("", null);
      }
    }
  }

  @Test
  void aDumpIsCutToFitIntoAFrame() throws Exception {
    unwelcomed(StandardProtocolFamily.UNIX, ScriptedMaster.TOKEN).welcome(SMALL_FRAME_BYTES);
    master.run(1, Crowded.class, "");
    assertThat(master.result(1)).isEqualTo("deep");
    String dump = master.cancel(1);
    assertThat(dump).startsWith("\"forkyard-job\" ").hasSizeGreaterThan(10_000);
    assertThat(dump.getBytes(UTF_8)).hasSizeLessThan(SMALL_FRAME_BYTES);
  }

  @Test
  void aLargeFrameNeedsNoDirectMemoryOfItsSize() throws Exception {
    start("-XX:MaxDirectMemorySize=1m");
    byte[] large = new byte[4 << 20];
    new Random(1).nextBytes(large);
    for (int jobId = 1; jobId <= 3; jobId++) {
      master.run(jobId, Echo.class.getName(), large, Encoding.BINARY);
      assertThat(master.next(Frame.Result.class).value()).isEqualTo(large);
    }
  }

  /** Answers with as many bytes as it is told to. */
  public static final class Zeros implements JobHandler<Integer, byte[]> {
    @Override
    public byte[] handle(Integer length, JobContext context) {
      return new byte[length];
    }
  }

  @Test
  void aLargeResultIsInMemoryOnce() throws Exception {
    start("-Xmx32m");
    master.run(1, Zeros.class.getName(), integer(12 << 20), Encoding.BINARY);
    assertThat(master.next(Frame.Result.class).value()).hasSize(12 << 20);
  }

  @Test
  void anInputThatCannotBeReadEndsTheWorkerWithAnErrorsCode() throws Exception {
    start("-Xmx16m");
    master.write(ByteBuffer.wrap(new byte[] {(byte) 0x80, (byte) 0x80, (byte) 0x80, 7}));
    try {
      // The length alone is not trusted.
      master.write(ByteBuffer.allocate(14 << 20));
    } catch (IOException gone) {
      // It ends before it has read all.
    }
    assertThat(master.exitCode()).isEqualTo(1);
    assertThat(master.output()).contains("java.lang.OutOfMemoryError");
  }

  /** Leaves the job thread with a class loader that finds nothing. */
  public static final class Careless implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) {
      Thread.currentThread().setContextClassLoader(null);
      Thread.currentThread().interrupt();
      return input;
    }
  }

  @Test
  void whatAJobDoesToItsThreadIsUndoneForTheNext() throws Exception {
    start();
    master.run(1, Careless.class, "a");
    master.run(2, Echo.class, "b");
    assertThat(master.result(1)).isEqualTo("a");
    assertThat(master.result(2)).isEqualTo("b");
  }

  /** Takes and gives a type that text has a form of. */
  public abstract static class Same<T> implements JobHandler<T, T> {
    @Override
    public T handle(T input, JobContext context) {
      return input;
    }
  }

  /** Of a number. */
  public static final class SameShort extends Same<Short> {}

  /** Of a number. */
  public static final class SameFloat extends Same<Float> {}

  /** Of a truth. */
  public static final class SameBoolean extends Same<Boolean> {}

  /** Of a list, which takes Jackson. */
  public static final class SameList extends Same<List<String>> {}

  @Test
  void aWorkerWithoutLibrariesKnowsAllSimpleTypesAndSaysWhatTheOthersNeed() throws Exception {
    start("-cp", ScriptedMaster.classPathWithout("jackson"));
    master.run(1, SameShort.class.getName(), "12".getBytes(UTF_8), Encoding.TEXT);
    master.run(2, SameFloat.class.getName(), "0.5".getBytes(UTF_8), Encoding.TEXT);
    master.run(3, SameBoolean.class.getName(), "true".getBytes(UTF_8), Encoding.TEXT);
    master.run(4, SameList.class.getName(), "[]".getBytes(UTF_8), Encoding.TEXT);
    assertThat(master.result(1)).isEqualTo("j12");
    assertThat(master.result(2)).isEqualTo("j0.5");
    assertThat(master.result(3)).isEqualTo("jtrue");
    assertThat(master.failure(4, FailureKind.HANDLER).message())
        .contains("SameList has the input type java.util.List<java.lang.String>, which needs")
        .contains("jackson-dataformat-cbor on the class path; add it");
  }
}
