package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.forkyard.pool.ProcessPoolTest.Obey;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.MessageWindow;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What jobs and their callers say to each other while the jobs run. */
@Timeout(60)
class JobMessagesTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private static ProcessPool.Builder small() {
    return ProcessPool.builder().workers(2).workerHeapBytes(64 << 20);
  }

  /** How far a job has got. */
  public record Done(int done, int of) {}

  /** Tells of each step. */
  public static final class Steps implements JobHandler<Integer, Integer> {
    @Override
    public Integer handle(Integer steps, JobContext context) throws Exception {
      for (int i = 1; i <= steps; i++) {
        context.send(new Done(i, steps));
      }
      return steps;
    }
  }

  /** Sends so many texts, and keeps in a file how many it has sent. */
  public static final class Floods implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws Exception {
      String[] words = input.split(" ", 2);
      Path count = Path.of(words[1]);
      for (int i = 1; i <= Integer.parseInt(words[0]); i++) {
        context.send("text " + i);
        Files.writeString(count, String.valueOf(i));
      }
      return "all sent";
    }
  }

  /** Answers each text by one that names it, until it is sent "end". */
  public static final class Answers implements JobHandler<String, String> {
    @Override
    public String handle(String name, JobContext context) throws Exception {
      List<String> heard = new ArrayList<>();
      while (true) {
        String text = context.receive(String.class, LONG).orElseThrow();
        if (text.equals("end")) {
          return name + heard;
        }
        heard.add(text);
        context.send(name + " heard " + text);
      }
    }
  }

  /** Takes a message, unless its file is not there: then it makes it and dies of what it takes. */
  public static final class DiesOfTheFirst implements JobHandler<String, String> {
    @Override
    public String handle(String file, JobContext context) throws Exception {
      String text = context.receive(String.class, LONG).orElseThrow();
      context.send("attempt " + context.attempt() + " took " + text);
      if (context.attempt() == 1) {
        context.receive(Integer.class, LONG);
        Runtime.getRuntime().halt(7);
      }
      return text;
    }
  }

  @Test
  void messagesOfAJobAreHeardInOrderAndBeforeItsResultAndOffTheLoop() {
    try (ProcessPool pool = small().build()) {
      List<Done> heard = Collections.synchronizedList(new ArrayList<>());
      List<String> threads = Collections.synchronizedList(new ArrayList<>());
      JobOptions options =
          JobOptions.defaults()
              .withListener(
                  Done.class,
                  done -> {
                    heard.add(done);
                    threads.add(Thread.currentThread().getName());
                  });
      assertThat(pool.submit(Steps.class, 10_000, options).join()).isEqualTo(10_000);
      List<Done> all = List.copyOf(heard);
      assertThat(all)
          .isEqualTo(IntStream.rangeClosed(1, 10_000).mapToObj(i -> new Done(i, 10_000)).toList());
      assertThat(threads).allMatch(name -> name.startsWith(pool.name() + "-messages-"));
      for (int i = 0; i < 200; i++) {
        heard.clear();
        assertThat(pool.submit(Steps.class, 3, options).join()).isEqualTo(3);
        assertThat(List.copyOf(heard)).extracting(Done::done).containsExactly(1, 2, 3);
      }
    }
  }

  @Test
  void whatNobodyListensToIsNotSentOrDroppedAndWhatIsThrownThereHoldsUpNothing() {
    try (ProcessPool pool = small().build()) {
      assertThat(pool.submit(Steps.class, 1_000).join()).isEqualTo(1_000);
      JobOptions other = JobOptions.defaults().withListener(String.class, text -> {});
      assertThat(pool.submit(Steps.class, 1_000, other).join()).isEqualTo(1_000);
      List<Integer> heard = Collections.synchronizedList(new ArrayList<>());
      JobOptions throwing =
          JobOptions.defaults()
              .withListener(
                  Done.class,
                  done -> {
                    heard.add(done.done());
                    throw new IllegalStateException("of the listener");
                  });
      assertThat(pool.submit(Steps.class, 300, throwing).join()).isEqualTo(300);
      assertThat(heard).hasSize(300);
    }
  }

  @Test
  void aSlowListenerHoldsUpItsOwnJobAloneWhichMayNotBeFarAhead() throws Exception {
    Path count = directory.resolve("count");
    CountDownLatch go = new CountDownLatch(1);
    List<String> heard = Collections.synchronizedList(new ArrayList<>());
    JobOptions slow =
        JobOptions.defaults()
            .withListener(
                String.class,
                text -> {
                  waitFor(go);
                  heard.add(text);
                });
    try (ProcessPool pool = small().build()) {
      JobFuture<String> flood = pool.submit(Floods.class, "1000 " + count, slow);
      await()
          .until(
              () ->
                  Files.exists(count)
                      && Files.readString(count)
                          .equals(String.valueOf(MessageWindow.MAX_MESSAGES)));
      List<Done> others = Collections.synchronizedList(new ArrayList<>());
      JobOptions quick = JobOptions.defaults().withListener(Done.class, others::add);
      assertThat(pool.submit(Steps.class, 2_000, quick).join()).isEqualTo(2_000);
      assertThat(others).hasSize(2_000);
      assertThat(count).content().isEqualTo(String.valueOf(MessageWindow.MAX_MESSAGES));
      assertThat(flood).isNotDone();
      go.countDown();
      assertThat(flood.join()).isEqualTo("all sent");
      assertThat(heard)
          .isEqualTo(IntStream.rangeClosed(1, 1_000).mapToObj(i -> "text " + i).toList());
    }
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aDeadlineAndACancelEndAJobWhoseListenerIsStuck() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    JobOptions stuck =
        JobOptions.timeout(Duration.ofMillis(500)).withListener(String.class, text -> waitFor(go));
    try (ProcessPool pool = small().build()) {
      String input = "1000 " + directory.resolve("count");
      assertThatThrownBy(() -> pool.submit(Floods.class, input, stuck).get())
          .hasCauseInstanceOf(JobTimeoutException.class);
      JobFuture<String> cancelled =
          pool.submit(Floods.class, input, stuck.withTimeout(Duration.ofMinutes(1)));
      await().until(() -> pool.stats().running() == 1);
      cancelled.cancel(true);
      assertThatThrownBy(cancelled::join).isInstanceOf(CancellationException.class);
      assertThat(pool.submit(Obey.class, "works").join()).isEqualTo("works");
    } finally {
      go.countDown();
    }
  }

  @Test
  void aSoftDeadlineInterruptsAJobThatWaitsToSendAndItsWorkerLivesOn() {
    CountDownLatch go = new CountDownLatch(1);
    try (ProcessPool pool = small().workers(1).build()) {
      String pid = pool.submit(Obey.class, "pid").join();
      JobOptions soft =
          JobOptions.defaults()
              .withSoftTimeout(Duration.ofMillis(500))
              .withListener(Done.class, done -> waitFor(go));
      JobFuture<Integer> flood = pool.submit(Steps.class, 1_000, soft);
      // Its reply is there, and waits for the listener.
      await().until(() -> pool.stats().failed() == 1);
      assertThat(pool.submit(Obey.class, "pid").join()).isEqualTo(pid);
      go.countDown();
      assertThatThrownBy(flood::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(JobTimeoutException.class)
          .hasStackTraceContaining("InterruptedException");
    } finally {
      go.countDown();
    }
  }

  @Test
  void aJobAnswersWhatItIsSentAlsoBeforeItStarted() throws Exception {
    Path go = directory.resolve("go");
    try (ProcessPool pool = small().workers(1).build()) {
      JobFuture<String> before = pool.submit(MapTest.AwaitFile.class, go.toString());
      List<String> answers = Collections.synchronizedList(new ArrayList<>());
      JobFuture<String> job =
          pool.submit(
              Answers.class, "job", JobOptions.defaults().withListener(String.class, answers::add));
      assertThat(job.send("one")).isTrue();
      assertThat(job.send("two")).isTrue();
      Files.createFile(go);
      await().until(() -> answers.size() == 2);
      assertThat(job.send("three")).isTrue();
      await().until(() -> answers.size() == 3);
      assertThat(job.send("end")).isTrue();
      assertThat(job.join()).isEqualTo("job[one, two, three]");
      assertThat(answers).containsExactly("job heard one", "job heard two", "job heard three");
      assertThat(job.send("late")).isFalse();
      assertThat(before.join()).isEqualTo(go.toString());
    }
  }

  /** Answers with the first text that it is sent, and takes no other. */
  public static final class TakesOne implements JobHandler<Integer, String> {
    @Override
    public String handle(Integer input, JobContext context) throws Exception {
      return context.receive(String.class, LONG).orElseThrow();
    }
  }

  @Test
  void whatIsSentToAJobNeverReachesTheNext() {
    JobOptions options = JobOptions.defaults().withMessages();
    try (ProcessPool pool = small().build()) {
      List<JobFuture<String>> jobs = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        JobFuture<String> job = pool.submit(TakesOne.class, i, options);
        for (int copy = 0; copy < 3; copy++) {
          job.send("for " + i);
        }
        jobs.add(job);
      }
      for (int i = 0; i < jobs.size(); i++) {
        assertThat(jobs.get(i).join()).isEqualTo("for " + i);
        assertThat(jobs.get(i).send("late")).isFalse();
      }
    }
  }

  @Test
  void whatAJobDoesNotTakeIsBoundedAndToldWhenItIsRefused() {
    try (ProcessPool pool = small().build()) {
      JobFuture<String> deaf =
          pool.submit(Obey.class, "sleep 60000", JobOptions.defaults().withMessages());
      for (int i = 0; i < MessageWindow.MAX_MESSAGES; i++) {
        assertThat(deaf.send(i)).isTrue();
      }
      assertThatThrownBy(() -> deaf.send(0))
          .isInstanceOf(JobRejectedException.class)
          .hasMessageContaining("job " + deaf.jobId() + " is sent faster than it takes: 256 mess");
      JobFuture<String> other =
          pool.submit(Obey.class, "sleep 60000", JobOptions.defaults().withMessages());
      assertThat(other.send(new byte[1 << 20])).isTrue();
      assertThatThrownBy(() -> other.send("")).hasMessageContaining("1 messages of 1048576 bytes");
      JobFuture<String> closed = pool.submit(Obey.class, "sleep 60000");
      assertThatThrownBy(() -> closed.send("x"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("submit it with JobOptions.withMessages()");
      assertThatThrownBy(() -> deaf.send(new ArrayList<>()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("java.util.ArrayList");
      pool.shutdownNow();
    }
  }

  @Test
  void tenThousandMessagesGoBothWaysEachOnceAndInOrder() throws Exception {
    // Not so many ahead that one is refused.
    Semaphore ahead = new Semaphore(100);
    try (ProcessPool pool = small().build()) {
      List<String> answers = Collections.synchronizedList(new ArrayList<>());
      JobOptions options =
          JobOptions.defaults()
              .withListener(
                  String.class,
                  answer -> {
                    answers.add(answer);
                    ahead.release();
                  });
      JobFuture<String> job = pool.submit(Answers.class, "j", options);
      for (int i = 0; i < 10_000; i++) {
        ahead.acquire();
        job.send("m" + i);
      }
      job.send("end");
      job.join();
      assertThat(answers)
          .isEqualTo(IntStream.range(0, 10_000).mapToObj(i -> "j heard m" + i).toList());
    }
  }

  @Test
  void aWorkersDeathInTheMiddleIsTheFuturesErrorAsEver() {
    try (ProcessPool pool = small().build()) {
      List<String> heard = Collections.synchronizedList(new ArrayList<>());
      JobFuture<String> job =
          pool.submit(
              DiesOfTheFirst.class,
              "",
              JobOptions.defaults().withListener(String.class, heard::add));
      job.send("one");
      await().until(() -> heard.size() == 1);
      job.send(1);
      assertThatThrownBy(job::join)
          .hasCauseInstanceOf(WorkerLostException.class)
          .hasMessageContaining("exited with code 7");
      assertThat(job.send("late")).isFalse();
      assertThat(pool.submit(Obey.class, "works").join()).isEqualTo("works");
    }
  }

  @Test
  void anotherAttemptIsNotSentWhatTheFirstOneWas() {
    try (ProcessPool pool = small().build()) {
      List<String> heard = Collections.synchronizedList(new ArrayList<>());
      JobFuture<String> job =
          pool.submit(
              DiesOfTheFirst.class,
              "",
              JobOptions.retries(1).withListener(String.class, heard::add));
      job.send("one");
      job.send("never taken");
      await().until(() -> heard.size() == 1);
      job.send(1);
      await().until(() -> pool.stats().retried() == 1);
      job.send("two");
      assertThat(job.join()).isEqualTo("two");
      assertThat(heard).containsExactly("attempt 1 took one", "attempt 2 took two");
    }
  }

  /** Receives where nobody can send. */
  public static final class Alone implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws Exception {
      Optional<String> none = context.receive(String.class, Duration.ofMillis(1));
      return none + " " + context.send("x") + " " + context.receive(String.class, Duration.ZERO);
    }
  }

  @Test
  void aJobWithoutMessagesIsSentNoneAndSendsNone() {
    try (ProcessPool pool = small().build()) {
      assertThat(pool.submit(Alone.class, "").join())
          .isEqualTo("Optional.empty false Optional.empty");
      assertThat(pool.submit(Alone.class, "", JobOptions.defaults().withMessages()).join())
          .isEqualTo("Optional.empty true Optional.empty");
    }
  }

  /** Sends more than a window without asking, as no worker of ours does. */
  public static final class Lies implements JobHandler<String, String> {
    @Override
    public String handle(String input, JobContext context) throws Exception {
      Object writer = field(field(context, "messages"), "writer");
      Method add = writer.getClass().getDeclaredMethod("add", Frame.class);
      add.setAccessible(true);
      for (int i = 0; i < 10_000; i++) {
        add.invoke(writer, new Frame.Message(context.jobId(), "x", new byte[0], 0));
      }
      TimeUnit.MINUTES.sleep(1);
      return "not killed";
    }

    private static Object field(Object of, String name) throws ReflectiveOperationException {
      Field field = of.getClass().getDeclaredField(name);
      field.setAccessible(true);
      return field.get(of);
    }
  }

  @Test
  void aWorkerThatSendsMoreThanItMayIsKilledAlone() throws IOException {
    CountDownLatch go = new CountDownLatch(1);
    try (ProcessPool pool = small().build()) {
      JobOptions stuck = JobOptions.defaults().withListener(String.class, text -> waitFor(go));
      assertThatThrownBy(() -> pool.submit(Lies.class, "", stuck).join())
          .hasCauseInstanceOf(WorkerLostException.class);
      assertThat(pool.submit(Obey.class, "works").join()).isEqualTo("works");
    } finally {
      go.countDown();
    }
  }

  @Test
  void aClassHasOneListenerAndMustBeOneThatCanBeSent() {
    JobOptions options = JobOptions.defaults().withListener(String.class, text -> {});
    assertThatThrownBy(() -> options.withListener(String.class, text -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.String have a listener already");
    assertThatThrownBy(() -> options.withListener(List.class, list -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.util.List");
    assertThat(options.withMessages().toString())
        .contains("messages=true, listeners=[java.lang.String]");
  }
}
