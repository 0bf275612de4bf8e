package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.WorkerContext;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How handlers are made, what they are given, and what becomes of those that can't be made. */
@Timeout(60)
class HandlerLifeTest {

  @TempDir private Path directory;

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(64 << 20);
  }

  /** Looks words up; there is no constructor without a dictionary. */
  public static final class Translate implements JobHandler<String, String> {
    private final Map<String, String> dictionary;

    Translate(Map<String, String> dictionary) {
      this.dictionary = dictionary;
    }

    @Override
    public String handle(String word, JobContext context) {
      return dictionary.get(word) + " " + ProcessHandle.current().pid();
    }
  }

  @Test
  void aFactoryWithAllThatItCapturedReachesEveryWorkerWheneverItIsBorn() throws Exception {
    Map<String, String> dictionary = new HashMap<>(Map.of("one", "eins"));
    ProcessPool.Builder builder = small().handler(Translate.class, () -> new Translate(dictionary));
    // It was encoded when it was given.
    dictionary.put("one", "uno");
    try (ProcessPool pool = builder.build()) {
      Set<String> pids = new HashSet<>();
      assertTranslates(pool, pids);
      List<Long> old = pool.workers().stream().map(WorkerInfo::pid).toList();
      old.forEach(pid -> ProcessHandle.of(pid).ifPresent(this::kill));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  ready(pool) == 2
                      && pool.workers().stream().noneMatch(each -> old.contains(each.pid())));
      assertTranslates(pool, pids);
      pool.reload().get(40, TimeUnit.SECONDS);
      assertTranslates(pool, pids);
      assertThat(pids).hasSize(3);
    }
  }

  private void kill(ProcessHandle worker) {
    worker.destroyForcibly();
    worker.onExit().join();
  }

  private static void assertTranslates(ProcessPool pool, Set<String> pids) throws Exception {
    String[] told = pool.submit(Translate.class, "one").get(30, TimeUnit.SECONDS).split(" ");
    assertThat(told[0]).isEqualTo("eins");
    pids.add(told[1]);
  }

  private static long ready(ProcessPool pool) {
    return pool.workers().stream().filter(w -> w.state() == WorkerInfo.State.READY).count();
  }

  /** Answers with the size of what it was made with. */
  public static final class Measure implements JobHandler<Integer, Integer> {
    private final byte[] model;

    Measure(byte[] model) {
      this.model = model;
    }

    @Override
    public Integer handle(Integer at, JobContext context) {
      return model.length + model[at];
    }
  }

  @Test
  void aLargeModelIsSentAndOneBeyondTheLimitIsRefusedWithBothFigures() {
    byte[] model = new byte[20 << 20];
    Arrays.fill(model, (byte) 7);
    try (ProcessPool pool =
        small()
            .workerHeapBytes(256 << 20)
            .handler(Measure.class, () -> new Measure(model))
            .build()) {
      assertThat(pool.submit(Measure.class, 1).join()).isEqualTo((20 << 20) + 7);
    }
    ProcessPool.Builder tooSmall =
        small().maxFrameBytes(1 << 20).handler(Measure.class, () -> new Measure(model));
    assertThatThrownBy(tooSmall::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has 20971")
        .hasMessageContaining("more than maxFrameBytes (1048576); raise that");
  }

  /** Holds what can't be sent. */
  static final class Connection implements Serializable {
    @SuppressWarnings("unused") // it is there to be looked at
    private final Object socket = new Object();
  }

  @Test
  void aFactoryThatCannotBeSerializedIsRefusedWithThePathToWhatCannot() {
    Connection connection = new Connection();
    assertThatThrownBy(
            () ->
                small()
                    .handler(
                        Translate.class,
                        () -> new Translate(Map.of("one", String.valueOf(connection.hashCode())))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the factory of handler " + Translate.class.getName())
        .hasMessageContaining("captured[0].socket (class java.lang.Object) is not Serializable");
  }

  @Test
  void aFactoryThatThrowsFailsTheJobsOfItsHandlerAlone() throws Exception {
    Path key = directory.resolve("key");
    String path = key.toString();
    try (ProcessPool pool =
        small()
            .workers(1)
            .handler(
                Translate.class,
                () -> new Translate(Map.of("one", Files.readString(Path.of(path)))))
            .build()) {
      assertFails(pool, "java.nio.file.NoSuchFileException", path);
      long pid = Long.parseLong(pool.submit(ProcessPoolTest.Obey.class, "pid").join());
      // The next one tries anew.
      Files.writeString(key, "uno");
      assertThat(pool.submit(Translate.class, "one").join()).isEqualTo("uno " + pid);
    }
  }

  @Test
  void aFactoryThatMakesNothingIsToldAsThat() throws Exception {
    try (ProcessPool pool = small().workers(1).handler(Translate.class, () -> null).build()) {
      assertFails(
          pool, "IllegalArgumentException", "handler " + Translate.class.getName() + " answered");
    }
    try (ProcessPool pool = small().workers(1).build()) {
      assertFails(pool, "IllegalArgumentException", "builder must be told by handler(...)");
    }
  }

  private static void assertFails(ProcessPool pool, String className, String message) {
    assertThatThrownBy(() -> pool.submit(Translate.class, "one").get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            JobFailedException.class,
            failed -> {
              assertThat(failed.stage()).isEqualTo(JobFailedException.Stage.HANDLER);
              assertThat(failed).hasMessageContaining(className).hasMessageContaining(message);
            });
  }

  /** Tells what it knows of the settings, and where it was started. */
  public static final class Settled implements JobHandler<String, String> {
    private String told = "";

    @Override
    public void start(WorkerContext context) {
      told = context.setting("colour").orElse("none") + " in " + Thread.currentThread().getName();
    }

    @Override
    public String handle(String name, JobContext context) {
      return told + ", " + context.setting(name) + ", " + context.settings().size();
    }
  }

  @Test
  void settingsAreSeenWhenAHandlerStartsAndWithEachJob() {
    try (ProcessPool pool =
        small().setting("colour", "blue").setting("size", "grün & 12\n").build()) {
      assertThat(pool.submit(Settled.class, "size").join())
          .isEqualTo("blue in forkyard-job, Optional[grün & 12\n], 2");
      assertThat(pool.submit(Settled.class, "shape").join())
          .isEqualTo("blue in forkyard-job, Optional.empty, 2");
    }
    try (ProcessPool pool = small().build()) {
      assertThat(pool.submit(Settled.class, "colour").join())
          .isEqualTo("none in forkyard-job, Optional.empty, 0");
    }
  }

  /** Writes down what is done to it. */
  public static final class Diary implements JobHandler<String, String> {
    private final Path diary;

    Diary(String diary) {
      this.diary = Path.of(diary);
    }

    private void write(String what) throws IOException {
      String line = what + " in " + Thread.currentThread().getName() + "\n";
      Files.writeString(diary, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Override
    public void start() throws IOException {
      write("start");
    }

    @Override
    public String handle(String what, JobContext context) throws IOException {
      if (what.equals("break")) {
        throw new IOException("the model is broken");
      }
      write(what + " " + context.jobId());
      Thread.currentThread().interrupt();
      Thread.currentThread().setContextClassLoader(null);
      return what;
    }
  }

  @Test
  void aWarmHandlerIsMadeStartedAndUsedBeforeTheFirstJobOnTheThreadOfJobs() throws Exception {
    Path diary = directory.resolve("diary");
    String path = diary.toString();
    try (ProcessPool pool =
        small()
            .workers(1)
            .handler(Diary.class, () -> new Diary(path))
            .warmUp(Diary.class)
            .warmUp(Diary.class, "practice")
            .build()) {
      await().atMost(Duration.ofSeconds(30)).until(() -> ready(pool) == 1);
      List<String> before = Files.readAllLines(diary);
      assertThat(before).containsExactly("start in forkyard-job", "practice 0 in forkyard-job");
      assertThat(pool.stats().submitted()).isZero();
      assertThat(pool.submit(Diary.class, "work").join()).isEqualTo("work");
      assertThat(Files.readAllLines(diary)).hasSize(3).endsWith("work 1 in forkyard-job");
    }
  }

  @Test
  void aWarmUpThatThrowsFailsTheWaitingJobsWithItsStackAndForksNoMore() throws Exception {
    Path diary = directory.resolve("diary");
    String path = diary.toString();
    try (ProcessPool pool =
        small()
            .workers(1)
            .handler(Diary.class, () -> new Diary(path))
            .warmUp(Diary.class, "break")
            .build()) {
      JobFuture<String> other = pool.submit(ProcessPoolTest.Obey.class, "a");
      assertThatThrownBy(() -> pool.submit(Diary.class, "work").get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(PoolBrokenException.class)
          .hasMessageContaining("a handler could not be warmed up")
          .hasMessageContaining("java.io.IOException: the model is broken")
          .hasMessageContaining("HandlerLifeTest$Diary.handle(HandlerLifeTest.java:");
      assertThatThrownBy(() -> other.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(PoolBrokenException.class);
    }
    assertThat(Files.readAllLines(diary)).hasSize(2);
  }

  @Test
  void aWarmUpThatHangsIsEndedByTheBootTimeout() throws Exception {
    try (ProcessPool pool =
        small()
            .workers(1)
            .bootTimeout(Duration.ofSeconds(2))
            .warmUp(ProcessPoolTest.Obey.class, "sleep 600000")
            .build()) {
      await().until(() -> pool.stats().started() > 1);
      assertThat(ready(pool)).isZero();
    }
  }

  @Test
  void aWarmUpInputThatCannotBeEncodedIsRefusedWhereItIsGiven() {
    assertThatThrownBy(() -> small().warmUp(Unwritable.class, new Unwritten()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the input by which handler " + Unwritable.class.getName());
  }

  /** Has no way to be written. */
  public static final class Unwritten {
    /** Fails. */
    public int getValue() {
      throw new IllegalStateException("not written");
    }
  }

  /** Takes what can't be encoded. */
  public static final class Unwritable implements JobHandler<Unwritten, String> {
    @Override
    public String handle(Unwritten input, JobContext context) {
      return "";
    }
  }
}
