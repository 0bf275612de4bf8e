package dev.forkyard.pool;

import dev.forkyard.pool.scheduler.Actions;
import dev.forkyard.pool.scheduler.Counts;
import dev.forkyard.pool.scheduler.Job;
import dev.forkyard.pool.scheduler.JobSpec;
import dev.forkyard.pool.scheduler.Outcome;
import dev.forkyard.pool.scheduler.Progress;
import dev.forkyard.pool.scheduler.Scheduler;
import dev.forkyard.pool.scheduler.SchedulerConfig;
import dev.forkyard.pool.scheduler.WorkerView;
import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.Frame.FailureKind;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.ProtocolException;
import dev.forkyard.transport.Connection;
import dev.forkyard.transport.ConnectionListener;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the scheduler on the event loop: brings it what callers, sockets and processes tell, in
 * batches, and does what it wants done. All but {@link #submit}, {@link #cancel} and {@link #post}
 * happens on the loop.
 *
 * <p>What is thrown there leaves the scheduler's state in doubt, and so is the end of the pool: not
 * a silent one, in which futures stay open, but {@link #breakDown}.
 */
final class PoolLoop implements Actions<JobFuture<?>> {

  private static final boolean ONE_CLOCK = System.getProperty("os.name", "").startsWith("Linux");

  /** How many answers a worker may send that were not asked for, or not any more. */
  private static final int MAX_UNWANTED_FRAMES = 1_000;

  /** A power of two. */
  private static final int MAX_FOUND = 64;

  /** How long a broken pool waits for the end of its workers. */
  private static final int ABANDON_SECONDS = 10;

  /** Waits until the first use, since a logging back end costs start-up time. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ProcessPool.class);
  }

  private final PoolConfig config;
  private final Scheduler<JobFuture<?>> scheduler;
  private final Completer completer;
  private final Events events;
  private final MessageThreads messageThreads;
  private final @Nullable TimeRecorder times;
  private final JobRecording recording;
  private final IntConsumer places;
  private final @Nullable Chooser chooser;

  private final EventInbox inbox = new EventInbox();
  private final Broadcasts broadcasts;
  private final Generations generations;

  private final CompletableFuture<@Nullable Void> terminated = new CompletableFuture<>();
  private final Map<Long, WorkerLink> links = new HashMap<>();
  private final Latecomers latecomers = new Latecomers();

  /** Those that were found last, by the last bits of their ids: each job asks for its worker's. */
  private final @Nullable WorkerLink[] found = new WorkerLink[MAX_FOUND];

  private final List<WorkerLink> touched = new ArrayList<>();
  private final OpenJobs open = new OpenJobs();

  /** By their ids: those that have ended and that a worker still has. */
  private final Map<Long, JobFuture<?>> lingering = new HashMap<>();

  /** Futures that were delivered in this turn of the loop, of which nobody was told yet. */
  private final List<JobFuture<?>> delivered = new ArrayList<>();

  /** Places in the queue that became free in this turn. */
  private int freed;

  /**
   * When the loop's turn began, so that jobs that come or end together cost one look at the clock;
   * 0 until one does. What it reads in one turn had come by then.
   */
  private long turnNanos;

  private JobSpec lastSpec = JobSpec.PLAIN;
  private @Nullable JobOptions lastOptions;

  private volatile @Nullable EventLoop loop;
  private @Nullable WorkerLauncher launcher;
  private @Nullable ScheduledFuture<?> alarm;
  private long alarmNanos;
  private @Nullable ScheduledFuture<?> look;
  private @Nullable ScheduledFuture<?> lingerEnd;
  private String lastFailure = "";

  private boolean shutNow;
  private @Nullable Throwable breakdown;
  private boolean brokenTold;

  /** Places are given back when jobs have left the queue. */
  PoolLoop(PoolConfig config, IntConsumer places) {
    this.config = config;
    this.places = places;
    this.generations = new Generations(config);
    this.completer = new Completer(config.name(), config.completionExecutor(), this::onLoop);
    this.events = new Events(config.name(), config.eventListener());
    this.messageThreads = new MessageThreads(config.name());
    this.broadcasts = new Broadcasts(config.name());
    WorkerChoice choice = config.workerChoice();
    this.chooser = choice == null ? null : new Chooser(config.name(), choice);
    this.times = config.recordTimes() ? new TimeRecorder() : null;
    this.recording = new JobRecording(config.name(), this::offLoop);
    SchedulerConfig limits =
        SchedulerConfig.of(
            config.minWorkers(),
            config.workers(),
            config.spareWorkers(),
            JobOptions.nanos(config.idleTimeout()),
            config.slots(),
            config.prefetch(),
            JobOptions.nanos(config.bootTimeout()),
            JobOptions.nanos(config.heartbeatTimeout()),
            JobOptions.nanos(config.stopTimeout()),
            config.limits(),
            System.nanoTime());
    this.scheduler = new Scheduler<>(config.debugsWorkers() ? limits.patient() : limits, this);
  }

  /**
   * Launches the first workers, on the thread that makes the pool: they boot while the event loop
   * is made, which takes as long. What comes before {@link #start} waits.
   */
  void launchFirst(WorkerLauncher workerLauncher) {
    this.launcher = workerLauncher;
    settle();
  }

  /** From here on all happens on the loop. */
  void start(EventLoop eventLoop) {
    this.loop = eventLoop;
    wake(eventLoop);
    warnOfOvercommit(config);
  }

  Completer completer() {
    return completer;
  }

  /** How long who waits for a job looks for its end before it sleeps. */
  long spinNanos() {
    return config.spinNanos();
  }

  Events events() {
    return events;
  }

  /** Where what jobs send is heard. */
  Executor messageThreads() {
    return messageThreads;
  }

  String name() {
    return config.name();
  }

  int maxFrameBytes() {
    return config.maxFrameBytes();
  }

  private boolean onLoop() {
    EventLoop running = loop;
    return running != null && running.inEventLoop();
  }

  /** Completes when the last job and the last worker are gone. */
  CompletableFuture<@Nullable Void> termination() {
    return terminated;
  }

  // From any thread.

  void submit(JobFuture<?> future) {
    JobOptions options = future.options();
    boolean mayWait = options.queueTimeout() == null && options.workerId() == 0;
    post(new EventInbox.Event(null, future), mayWait);
  }

  private void accept(JobFuture<?> future) {
    open.add(future);
    if (breakdown != null) {
      endBroken(future);
      return;
    }
    accepted(future, scheduler.submit(future.jobId(), future, spec(future), turnNanos()));
  }

  /** What a worker that was just launched is to do before all else. */
  private void acceptSetUp(JobFuture<?> future) {
    open.add(future);
    accepted(future, scheduler.submitSetUp(future.jobId(), future, spec(future), turnNanos()));
  }

  private void accepted(JobFuture<?> future, Job<JobFuture<?>> job) {
    if (open.contains(future)) {
      future.job = job;
    }
  }

  private long turnNanos() {
    if (turnNanos == 0) {
      turnNanos = System.nanoTime();
    }
    return turnNanos;
  }

  /** Most often the last one's does. */
  private JobSpec spec(JobFuture<?> future) {
    JobOptions options = future.options();
    byte[] payload = future.payload();
    int bytes = payload == null ? 0 : payload.length;
    if (options != lastOptions || bytes != lastSpec.bytes()) {
      lastOptions = options;
      boolean timed = !config.debugsWorkers();
      lastSpec =
          new JobSpec(
              timed ? JobOptions.nanos(options.timeout()) : 0,
              timed ? JobOptions.nanos(options.softTimeout()) : 0,
              timed ? JobOptions.nanos(options.stallTimeout()) : 0,
              JobOptions.nanos(options.queueTimeout()),
              options.retries(),
              options.retryLost(),
              JobOptions.nanos(options.backoff()),
              JobOptions.nanos(options.maxBackoff()),
              bytes,
              options.priority(),
              options.label(),
              options.affinity(),
              options.workerId());
    }
    return lastSpec;
  }

  /**
   * Ends a future's job as soon as this stage has ended, which the calling thread is about to do.
   */
  void cancel(JobFuture<?> future, JobStage<?> ending) {
    post(() -> cancelAtEndOf(ending, future));
  }

  private void cancelAtEndOf(JobStage<?> ending, JobFuture<?> future) {
    EventLoop running = loop;
    if (future.job == null) {
      return;
    } else if (ending.isComplete() || running == null) {
      scheduler.cancel(future.job, System.nanoTime());
    } else {
      // That thread lost its core meanwhile.
      running.schedule(() -> cancel(future, ending), 1, TimeUnit.MILLISECONDS);
    }
  }

  void close() {
    post(
        () -> {
          if (breakdown == null) {
            scheduler.close(System.nanoTime());
          }
        });
  }

  void shutdownNow() {
    post(
        () -> {
          shutNow = true;
          if (breakdown == null) {
            scheduler.shutdownNow(System.nanoTime());
          }
        });
  }

  void resize(int workers) {
    post(
        () -> {
          if (breakdown == null) {
            boolean all = config.minWorkers() == config.workers();
            int least = all ? workers : Math.min(config.minWorkers(), workers);
            generations.resize(workers, least);
            scheduler.resize(least, workers, System.nanoTime());
            PoolConfig now = generations.current();
            offLoop(() -> warnOfOvercommit(now));
          }
        });
  }

  /** With how many workers as it was last asked for. */
  PoolConfig settings() {
    return generations.current();
  }

  /** With other settings, unless those are null. */
  CompletableFuture<@Nullable Void> reload(
      @Nullable List<Path> classPath, List<String> jvmOptions) {
    CompletableFuture<@Nullable Void> future = new CompletableFuture<>();
    post(
        () -> {
          int next = breakdown == null ? scheduler.reload(System.nanoTime()) : 0;
          if (next == 0) {
            boolean second = generations.reloading();
            failReload(future, second ? "another reload is under way" : "it is closed or broken");
          } else {
            PoolConfig now = generations.current();
            generations.reload(
                next, classPath == null ? now : now.with(classPath, jvmOptions), future);
          }
        });
    return future;
  }

  /** Heaps are limits, and workers may stay below; so it is no error. */
  private static void warnOfOvercommit(PoolConfig config) {
    String arithmetic = WorkerCommand.overcommit(config);
    if (arithmetic != null) {
      try (LogContext context = LogContext.of(config.name(), 0, 0)) {
        Log.LOG.warn("pool {}: {}", config.name(), arithmetic);
      }
    }
  }

  private void failReload(CompletableFuture<?> future, String why) {
    String message = "pool " + config.name() + " was not reloaded: " + why;
    offLoop(() -> future.completeExceptionally(new ReloadFailedException(message)));
  }

  /** What may block, and is rare. */
  private void offLoop(Runnable task) {
    Thread thread = new Thread(task, config.name() + "-aside");
    thread.setDaemon(true);
    thread.start();
  }

  void recycle() {
    post(
        () -> {
          if (breakdown == null) {
            scheduler.recycle(System.nanoTime());
          }
        });
  }

  CompletableFuture<PoolStats> stats() {
    return ask(this::statsNow);
  }

  private <T> CompletableFuture<T> ask(Supplier<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    post(
        () -> {
          if (breakdown != null) {
            answer.completeExceptionally(
                new PoolBrokenException(brokenBy(breakdown), JobReport.NONE));
            return;
          }
          try {
            answer.complete(question.get());
          } catch (RuntimeException | Error e) {
            answer.completeExceptionally(e);
            throw e;
          }
        });
    return answer;
  }

  CompletableFuture<JobTimes> times() {
    return ask(
        () -> {
          if (times == null) {
            throw new IllegalStateException("asked for times, which are not recorded");
          }
          return times.copy();
        });
  }

  private PoolStats statsNow() {
    Counts counts = scheduler.counts();
    return new PoolStats(
        counts.submitted(),
        counts.queued(),
        counts.running(),
        counts.succeeded(),
        counts.failed(),
        counts.cancelled(),
        counts.retried(),
        counts.workers(),
        counts.started(),
        counts.lost());
  }

  CompletableFuture<List<WorkerInfo>> workers() {
    return ask(this::workersNow);
  }

  /** With one place in the queue, which was taken for all its jobs. */
  <O extends @Nullable Object> CompletableFuture<List<JobFuture<O>>> start(
      Broadcast<O> broadcast, boolean alsoLater) {
    return ask(
        () -> {
          List<JobFuture<O>> futures =
              broadcasts.start(broadcast, alsoLater, scheduler.workers(), this::accept);
          freed += futures.isEmpty() ? 1 : 0;
          return futures;
        });
  }

  void end(Broadcast<?> broadcast) {
    post(() -> broadcasts.end(broadcast));
  }

  private List<WorkerInfo> workersNow() {
    List<WorkerInfo> infos = new ArrayList<>();
    for (WorkerView view : scheduler.workers()) {
      WorkerLink link = links.get(view.id());
      infos.add(
          new WorkerInfo(
              view.id(),
              link == null ? 0 : link.pid(),
              WorkerInfo.State.valueOf(view.stage().name()),
              view.load(),
              view.memoryBytes()));
    }
    return List.copyOf(infos);
  }

  /**
   * Hands an event to the loop; after the pool's end it runs at once, and finds everything ended.
   */
  void post(Runnable event) {
    post(new EventInbox.Event(event, null), false);
  }

  /**
   * To wake the loop costs a system call, and takes a core from a job. What may wait does so while
   * no worker has room for a job: whatever gives one room wakes the loop.
   */
  private void post(EventInbox.Event event, boolean mayWait) {
    boolean wakes = inbox.post(event, mayWait);
    EventLoop running = loop;
    if (terminated.isDone()) {
      drainAfterEnd();
    } else if (running != null && wakes) {
      wake(running);
    }
  }

  private void wake(EventLoop running) {
    try {
      running.execute(this::drain);
    } catch (RejectedExecutionException e) {
      drainAfterEnd();
    }
  }

  private synchronized void drainAfterEnd() {
    while (!inbox.isEmpty()) {
      runInbox();
    }
    tell();
  }

  private void runInbox() {
    EventInbox.Event event = inbox.takeAll();
    while (event != null) {
      try {
        if (event.submitted != null) {
          accept(event.submitted);
        } else if (event.action != null) {
          event.action.run();
        }
      } catch (Throwable e) {
        breakDown(e);
      }
      event = event.next;
    }
  }

  // On the loop.

  private void drain() {
    if (terminated.isDone()) {
      drainAfterEnd();
      return;
    }
    runInbox();
    settle();
  }

  private void settle() {
    try {
      if (breakdown == null) {
        closeTheGap();
      }
    } catch (Throwable e) {
      breakDown(e);
    }
    EventLoop running = loop;
    if (inbox.setWaiting(breakdown == null && scheduler.full()) && running != null) {
      wake(running);
    }
    turnNanos = 0;
    tell();
  }

  /** Whatever it tells of happened in one turn, so each is woken once. */
  private synchronized void tell() {
    if (freed > 0) {
      int count = freed;
      freed = 0;
      try {
        places.accept(count);
      } catch (RuntimeException | Error e) {
        breakDown(e);
      }
    }
    if (!delivered.isEmpty()) {
      completer.execute(delivered);
      delivered.clear();
      watchCompleter();
    }
  }

  private void closeTheGap() {
    long now = System.nanoTime();
    long untilNext = scheduler.settle(now);
    // Before they can greet, so before they get anything else.
    while (broadcasts.submitToNew(this::acceptSetUp)) {
      untilNext = scheduler.settle(now);
    }
    if (scheduler.broken() && !brokenTold) {
      tellBroken(reason(new Outcome.Broken()));
    }
    for (WorkerLink link : touched) {
      link.touched = false;
      if (link.connection != null) {
        link.connection.flush();
      }
    }
    touched.clear();
    if (!terminated.isDone()) {
      setAlarm(now, untilNext);
    }
  }

  private void tellBroken(String reason) {
    brokenTold = true;
    events.tell(new PoolEvent.PoolBroken(config.name(), reason));
  }

  private void setAlarm(long now, long untilNext) {
    EventLoop running = loop;
    if (untilNext == Long.MAX_VALUE || running == null) {
      return;
    }
    long at = now + untilNext;
    if (alarm != null && !alarm.isDone()) {
      if (alarmNanos - at <= 0 && alarmNanos - now > 0) {
        return;
      }
      alarm.cancel(false);
    }
    alarmNanos = at;
    alarm = running.schedule(this::settle, untilNext, TimeUnit.NANOSECONDS);
  }

  private void watchCompleter() {
    EventLoop running = loop;
    if (lingerEnd == null && running != null && completer.lingers()) {
      lingerEnd =
          running.schedule(
              () -> {
                lingerEnd = null;
                completer.endLingering();
                watchCompleter();
              },
              Completer.LINGER_NANOS,
              TimeUnit.NANOSECONDS);
    }
    if (look == null && completer.waiting() && running != null) {
      look =
          running.schedule(
              () -> {
                look = null;
                completer.rescue();
                watchCompleter();
              },
              Completer.LOOK_NANOS,
              TimeUnit.NANOSECONDS);
    }
  }

  /**
   * The scheduler can't be trusted any more, so what there is ends without it: every open job, and
   * the workers.
   */
  private void breakDown(Throwable why) {
    if (breakdown == null) {
      breakdown = why;
      rolledBack(0);
      tellBroken(brokenBy(why));
      open.takeAll(this::endBroken);
      lingering.values().forEach(each -> each.left(false));
      lingering.clear();
      List.copyOf(links.values()).forEach(this::kill);
      EventLoop running = loop;
      if (running != null && !links.isEmpty()) {
        running.schedule(this::terminated, ABANDON_SECONDS, TimeUnit.SECONDS);
      } else {
        terminated();
      }
    }
    tell();
    try (LogContext context = LogContext.of(config.name(), 0, 0)) {
      Log.LOG.error(
          "pool {} is ended by an error of its own, with all open jobs and its workers",
          config.name(),
          why);
    }
  }

  private void endBroken(JobFuture<?> future) {
    open.remove(future);
    future.job = null;
    if (future.messages() != null) {
      future.messages().end(false, () -> {});
    }
    future.deliver(
        new Delivery(
            new Outcome.Broken(), 0, 0, null, reason(new Outcome.Broken()), System.nanoTime()));
    delivered.add(future);
    leaveQueue(future);
    future.left(false);
  }

  private void leaveQueue(JobFuture<?> future) {
    if (future.queued) {
      future.queued = false;
      freed++;
    }
  }

  private String brokenBy(Throwable why) {
    return "pool " + config.name() + " was ended by an error of its own: " + why;
  }

  /**
   * A connection says who it is; the listener for the rest of its frames, or null where it is
   * refused.
   */
  @Nullable ConnectionListener admit(Frame.Hello hello, Connection connection) {
    WorkerLink link = links.get(hello.workerId());
    WorkerLink.Prepared prepared = link == null ? null : link.prepared;
    if (link == null
        || prepared == null
        || link.connection != null
        || !MessageDigest.isEqual(prepared.token(), hello.token())
        || isOfAnotherVersion(hello, link)) {
      return latecomers.admit(hello, connection);
    }
    link.connection = connection;
    link.greeted = true;
    if (launcher != null) {
      launcher.greeted(link);
    }
    // Both sides have mapped it: from here it needs no name, and can't be left behind.
    WorkerLauncher.remove(prepared.board());
    link.greetedPid = hello.pid();
    link.clockOffsetNanos = ONE_CLOCK ? 0 : System.nanoTime() - hello.nanoTime();
    connection.send(
        new Frame.Welcome(FrameCodec.VERSION, config.maxFrameBytes(), config.spinNanos()));
    connection.flush();
    Listener listener = new Listener(link);
    listener.hear(() -> scheduler.greeted(link.id, System.nanoTime()));
    settle();
    return listener;
  }

  /** Its process then ends by itself, and this is told as the reason. */
  private static boolean isOfAnotherVersion(Frame.Hello hello, WorkerLink link) {
    if (hello.version() == FrameCodec.VERSION) {
      return false;
    }
    link.verdict =
        "has a forkyard-worker that speaks version "
            + hello.version()
            + " of the protocol, and this program speaks version "
            + FrameCodec.VERSION
            + "; put the same version of Forkyard on both class paths";
    return true;
  }

  /** Brings the frames of one worker to the scheduler. */
  private final class Listener implements ConnectionListener {

    private final WorkerLink link;

    Listener(WorkerLink link) {
      this.link = link;
    }

    @Override
    public int maxFrameBytes() {
      return config.maxFrameBytes();
    }

    private void hear(Runnable event) {
      if (breakdown == null) {
        try {
          event.run();
        } catch (Throwable e) {
          breakDown(e);
        }
      }
    }

    @Override
    public void onFrame(Frame frame) {
      if (breakdown == null) {
        try {
          tell(frame);
        } catch (Throwable e) {
          breakDown(e);
        }
      }
    }

    private void tell(Frame frame) {
      long now = turnNanos();
      if (frame instanceof Frame.Result result) {
        heard(scheduler.replied(link.id, result.jobId(), true, result.runNanos(), result, now));
      } else if (frame instanceof Frame.Failure failure) {
        heard(scheduler.replied(link.id, failure.jobId(), false, failure.runNanos(), failure, now));
        if (failure.fatal()) {
          scheduler.leaving(link.id, now);
        }
      } else if (frame instanceof Frame.Returned returned) {
        if (!scheduler.returned(link.id, returned.jobIds(), now)) {
          misbehaved(link, "it gave back jobs that it was not asked for");
        }
      } else if (frame instanceof Frame.Dump dump) {
        heard(scheduler.dumped(link.id, dump.jobId(), dump.text(), now));
      } else if (frame instanceof Frame.Goodbye) {
        scheduler.leaving(link.id, now);
      } else if (frame instanceof Frame.Message message && message.jobId() != 0) {
        JobMessages messages = messages(message.jobId());
        if (messages != null && !messages.arrived(link, message)) {
          misbehaved(link, "it sent more messages than it may");
        }
      } else if (frame instanceof Frame.Credit credit) {
        JobMessages messages = messages(credit.jobId());
        if (messages != null && !messages.credited(link, credit)) {
          misbehaved(link, "it took messages that were not sent");
        }
      } else {
        misbehaved(link, "a worker must not send " + frame.getClass().getSimpleName());
      }
    }

    private @Nullable JobMessages messages(long jobId) {
      JobFuture<?> future = open.get(jobId);
      JobMessages messages = future == null ? null : future.messages();
      // One that was asked to stop may still say something.
      heard(messages != null || lingering.containsKey(jobId));
      return messages;
    }

    /** What comes too late, or by mistake, is dropped; a flood keeps the loop from its work. */
    private void heard(boolean wanted) {
      if (!wanted && ++link.unwanted == MAX_UNWANTED_FRAMES) {
        misbehaved(link, "it sent " + MAX_UNWANTED_FRAMES + " answers that nobody asked for");
      }
    }

    @Override
    public void onPart() {
      if (breakdown == null) {
        scheduler.heard(link.id, System.nanoTime());
      }
    }

    @Override
    public void onBatchEnd() {
      drain();
    }

    @Override
    public ByteBuffer lastWords(long receivedBytes) {
      WorkerLink.Prepared prepared = link.prepared;
      return prepared == null
          ? ByteBuffer.allocate(0)
          : prepared.scoreboard().unsentReplies(receivedBytes);
    }

    @Override
    public void onEnd(@Nullable Throwable why) {
      hear(
          () -> {
            if (why instanceof ProtocolException) {
              misbehaved(link, String.valueOf(why.getMessage()));
            }
            scheduler.disconnected(link.id, System.nanoTime());
          });
      settle();
    }
  }

  private void warn(WorkerLink link, String what) {
    try (LogContext context = LogContext.of(config.name(), link.pid(), link.runningJob())) {
      Log.LOG.warn("pool {}: worker {} {}", config.name(), link.pid(), what);
    }
  }

  /** What it sent before it was killed may hold more of the kind. */
  private void misbehaved(WorkerLink link, String why) {
    if (!link.misbehaved) {
      link.misbehaved = true;
      warn(link, "is killed: " + why);
      scheduler.misbehaved(link.id, System.nanoTime());
    }
  }

  // What the scheduler wants done.

  @Override
  public void launch(long workerId, int generation) {
    if (launcher == null) {
      throw new IllegalStateException("a worker is wanted before the pool started");
    }
    // Before anything is started, so that a kill from now on finds it.
    WorkerLink link = new WorkerLink(workerId, generations.of(generation));
    links.put(workerId, link);
    broadcasts.launched(workerId);
    events.tell(new PoolEvent.WorkerStarting(config.name(), workerId));
    launcher.launch(link, this);
  }

  @Override
  public void ready(long workerId) {
    WorkerLink link = links.get(workerId);
    if (link != null) {
      events.tell(new PoolEvent.WorkerReady(config.name(), workerId, link.greetedPid, link.age()));
    }
  }

  /** The worker's files are there, and its process is about to start. */
  void prepared(WorkerLink link, WorkerLink.Prepared prepared) {
    link.prepared = prepared;
  }

  void started(WorkerLink link, WorkerHost host, WorkerOutput output) {
    link.host = host;
    link.output = output;
    if (link.connection != null && launcher != null) {
      launcher.greeted(link);
    }
    if (link.killed) {
      kill(link);
    }
    if (link.onScales) {
      weigh(link);
    }
  }

  /** It waits for a debugger at this port. */
  void debuggable(WorkerLink link, int port) {
    events.tell(new PoolEvent.WorkerDebuggable(config.name(), link.id, link.pid(), port));
    try (LogContext context = LogContext.of(config.name(), link.pid(), 0)) {
      Log.LOG.info(
          "pool {}: worker {} waits for a debugger at 127.0.0.1:{}",
          config.name(),
          link.pid(),
          port);
    }
  }

  /** The process ended, or could not be started; may be told twice. */
  void exited(long workerId, @Nullable WorkerDeath death, String failure) {
    WorkerLink link = links.get(workerId);
    if (link != null && death != null) {
      link.death = link.frozen ? death.frozen() : death;
    }
    lastFailure = failure;
    if (link != null) {
      link.exited(failure);
      lastFailure = link.failure();
    }
    if (breakdown == null) {
      scheduler.exited(workerId, killedFromOutside(link), cause(link, failure), System.nanoTime());
      return;
    }
    forget(workerId, false);
    if (links.isEmpty()) {
      terminated();
    }
  }

  /** What ended it by itself, without what differs from process to process. */
  private static @Nullable String cause(@Nullable WorkerLink link, String failure) {
    boolean killed = link == null || link.killed;
    boolean signalled = link != null && link.death != null && link.death.signal() != null;
    return killed || signalled ? null : failure.replaceAll("[0-9]+", "n");
  }

  /** Its kernel, where memory is short, or a person: that is no proof that workers can't start. */
  private boolean killedFromOutside(@Nullable WorkerLink link) {
    String signal = link == null || link.death == null ? null : link.death.signal();
    if (link == null
        || link.killed
        || signal == null
        || !(signal.equals("SIGKILL") || signal.equals("SIGTERM"))) {
      return false;
    }
    if (link.connection == null) {
      warn(link, "was killed by " + signal + " while it started; is memory short?");
    }
    return true;
  }

  @Override
  public void run(long workerId, Job<JobFuture<?>> job) {
    WorkerLink link = link(workerId);
    if (link == null) {
      return;
    }
    Frame.Run frame = link.run(job.attachment(), job.attempt());
    JobMessages messages = job.attachment().messages();
    try {
      if (messages != null) {
        messages.open(link);
      }
      send(link, frame);
      if (messages != null) {
        messages.sendKept();
      }
    } catch (RuntimeException | Error e) {
      // Too large for the memory that is left, say: nothing of it was sent, and no other is hit.
      link.unsent(frame);
      post(() -> refuse(link, job.id(), e));
    }
  }

  private void refuse(WorkerLink link, long jobId, Throwable why) {
    if (breakdown != null) {
      return;
    }
    Frame.Failure failure =
        new Frame.Failure(
            jobId,
            0,
            FailureKind.INPUT,
            why.getClass().getName(),
            "the job could not be sent: " + why.getMessage(),
            "",
            false);
    scheduler.replied(link.id, jobId, false, 0, failure, System.nanoTime());
  }

  void send(WorkerLink link, Frame frame) {
    if (link.connection != null) {
      link.connection.send(frame);
      if (!link.touched) {
        link.touched = true;
        touched.add(link);
      }
    }
  }

  @Override
  public boolean chooses() {
    return chooser != null;
  }

  @Override
  public int choose(Job<JobFuture<?>> job, List<WorkerView> candidates) {
    return chooser == null ? 0 : chooser.choose(candidates, this::pid);
  }

  private long pid(long workerId) {
    WorkerLink link = links.get(workerId);
    return link == null ? 0 : link.pid();
  }

  @Override
  public void recall(long workerId, long[] jobIds) {
    sendTo(workerId, new Frame.Recall(jobIds));
  }

  @Override
  public void askToStop(long workerId, long jobId) {
    sendTo(workerId, new Frame.Stop(jobId));
  }

  @Override
  public void interrupt(long workerId, long jobId) {
    WorkerLink link = links.get(workerId);
    if (link != null) {
      link.condemned = true;
    }
    if (link != null && launcher != null) {
      launcher.look(link);
    }
    JobFuture<?> ended = lingering.get(jobId);
    if (ended != null) {
      ended.condemned();
    }
    sendTo(workerId, new Frame.Cancel(jobId));
  }

  @Override
  public void drain(long workerId) {
    sendTo(workerId, new Frame.Drain());
    WorkerLink link = links.get(workerId);
    if (link != null) {
      events.tell(new PoolEvent.WorkerRetired(config.name(), workerId, link.pid()));
    }
  }

  private void sendTo(long workerId, Frame frame) {
    WorkerLink link = links.get(workerId);
    if (link != null) {
      send(link, frame);
    }
  }

  @Override
  public void terminate(long workerId) {
    WorkerLink link = links.get(workerId);
    if (link != null && link.host != null) {
      link.host.terminate();
    }
  }

  @Override
  public void kill(long workerId) {
    WorkerLink link = links.get(workerId);
    if (link != null) {
      kill(link);
    }
  }

  private void kill(WorkerLink link) {
    link.killed = true;
    if (link.host != null && !link.killTold) {
      link.killTold = true;
      link.host.kill();
    }
  }

  @Override
  public boolean condemn(long workerId, long run) {
    WorkerLink link = links.get(workerId);
    return link != null && link.condemn(run);
  }

  @Override
  public List<Progress> progress(long workerId) {
    WorkerLink link = links.get(workerId);
    return link == null ? List.of() : link.progress();
  }

  @Override
  public long beats(long workerId) {
    WorkerLink link = links.get(workerId);
    return link == null || link.prepared == null ? 0 : link.prepared.scoreboard().beats();
  }

  @Override
  public void frozen(long workerId) {
    WorkerLink link = links.get(workerId);
    if (link != null) {
      link.frozen = true;
      warn(link, "is killed: it shows no sign of life");
    }
  }

  @Override
  public void weigh(long workerId) {
    WorkerLink link = links.get(workerId);
    if (link != null) {
      // It may greet before its process is told of here; then that weighs it.
      link.onScales = true;
      weigh(link);
    }
  }

  private void weigh(WorkerLink link) {
    if (link.host != null && launcher != null) {
      link.onScales = false;
      launcher.weigh(link, this);
    }
  }

  /** 0 where that is not known. */
  void weighed(long workerId, long bytes) {
    if (breakdown == null) {
      scheduler.weighed(workerId, bytes, System.nanoTime());
    }
  }

  @Override
  public void overweight(long workerId, long bytes) {
    WorkerLink link = links.get(workerId);
    if (link != null) {
      boolean alone = config.limits().exceededBy(bytes);
      long limit = alone ? config.limits().memoryBytes() : config.limits().budgetBytes();
      link.verdict =
          "held "
              + WorkerMemory.text(bytes)
              + " before it had any job, more than "
              + (alone ? "maxWorkerMemory" : "memoryBudget")
              + " allows ("
              + WorkerMemory.text(limit)
              + "); raise that, or give the workers less by workerHeapBytes or jvmOptions";
      // The pool may break before its end is told.
      lastFailure = link.failure();
    }
  }

  @Override
  public void reloaded() {
    CompletableFuture<@Nullable Void> done = generations.reloaded();
    if (done != null) {
      offLoop(() -> done.complete(null));
    }
    events.tell(new PoolEvent.PoolReloaded(config.name()));
  }

  @Override
  public void rolledBack(long workerId) {
    CompletableFuture<@Nullable Void> failed = generations.rolledBack();
    if (failed != null) {
      String why = whyRolledBack(links.get(workerId));
      failReload(failed, why);
      events.tell(new PoolEvent.ReloadRolledBack(config.name(), why));
    }
  }

  private String whyRolledBack(@Nullable WorkerLink link) {
    return link == null
        ? "it was closed, or broke, meanwhile"
        : "worker "
            + link.pid()
            + " of the new settings did not start"
            + (link.killed && link.verdict == null ? " within " + config.bootTimeout() : "")
            + ", so those of before are in use again: it "
            + link.failure()
            + "; correct the class path or the JVM's options and reload again";
  }

  @Override
  public void dequeued(Job<JobFuture<?>> job) {
    leaveQueue(job.attachment());
  }

  @Override
  public boolean wantsRetry(Job<JobFuture<?>> job, Object reply) {
    return reply instanceof Frame.Failure failure
        && failure.kind() == FailureKind.THROWN
        && job.attachment().options().retries(failure.className());
  }

  @Override
  public void retrying(Job<JobFuture<?>> job, boolean lost, long runNanos, long pauseNanos) {
    WorkerLink link = links.get(job.workerId());
    JobMessages messages = job.attachment().messages();
    if (messages != null) {
      messages.attemptOver();
    }
    if (lost) {
      long pid = link == null ? 0 : link.pid();
      WorkerDeath death = link == null ? null : link.death;
      job.attachment().addDeath(new Delivery.Death(job.attempt(), pid, death, runNanos));
    }
  }

  @Override
  public void complete(Job<JobFuture<?>> job, Outcome outcome) {
    JobFuture<?> future = job.attachment();
    open.remove(future);
    future.job = null;
    future.askedToStop = job.askedToStop();
    WorkerLink link = link(job.workerId());
    boolean hadWorker = job.workerId() != 0;
    boolean replied = outcome instanceof Outcome.Replied;
    Delivery ended =
        new Delivery(
            withThreads(outcome, link),
            hadWorker ? job.attempt() : 0,
            link == null ? 0 : link.pid(),
            link == null ? null : link.death,
            replied ? "" : reason(outcome, link),
            replied ? turnNanos() : System.nanoTime());
    JobMessages messages = future.messages();
    if (messages == null || !messages.end(replied, () -> post(() -> deliver(future, ended)))) {
      deliver(future, ended);
    }
    if (times != null && replied) {
      times.record(turnNanos() - future.submittedNanos(), ended.runNanos());
    }
    recording.ended(future, ended);
    if (job.lingers()) {
      lingering.put(job.id(), future);
    } else {
      future.left(job.neverStarted());
    }
  }

  private void deliver(JobFuture<?> future, Delivery ended) {
    future.deliver(ended);
    delivered.add(future);
  }

  @Override
  public void left(Job<JobFuture<?>> job) {
    if (lingering.remove(job.id()) != null) {
      job.attachment().left(job.neverStarted());
    }
  }

  /** Where the JVM gave no dump, what the kernel knows of its threads is better than nothing. */
  private static Outcome withThreads(Outcome outcome, @Nullable WorkerLink link) {
    return outcome instanceof Outcome.TimedOut late && late.dump() == null && link != null
        ? new Outcome.TimedOut(late.deadline(), link.threads, late.runNanos())
        : outcome;
  }

  private String reason(Outcome outcome, @Nullable WorkerLink link) {
    if (outcome instanceof Outcome.TimedOut && link != null && breakdown == null) {
      boolean ends = link.condemned || link.killed;
      return ends
          ? "worker " + link.pid() + " was killed"
          : "it heeded that it was asked to stop, and worker " + link.pid() + " lives on";
    }
    return reason(outcome);
  }

  private String reason(Outcome outcome) {
    if (breakdown != null) {
      return brokenBy(breakdown);
    } else if (outcome instanceof Outcome.Broken) {
      return "pool "
          + config.name()
          + " is broken: its workers do not start; the last one "
          + lastFailure;
    } else if (outcome instanceof Outcome.Refused) {
      return "pool " + config.name() + " is closed";
    }
    return shutNow ? "pool " + config.name() + " was shut down" : "by its caller";
  }

  private @Nullable WorkerLink link(long workerId) {
    int place = (int) workerId & (MAX_FOUND - 1);
    WorkerLink link = found[place];
    if (link == null || link.id != workerId) {
      link = links.get(workerId);
      found[place] = link;
    }
    return link;
  }

  @Override
  public void forget(long workerId, boolean lost) {
    WorkerLink link = links.remove(workerId);
    found[(int) workerId & (MAX_FOUND - 1)] = null;
    broadcasts.forget(workerId);
    if (link == null) {
      return;
    }
    events.tell(link.ended(lost));
    if (link.connection != null) {
      link.connection.close();
    } else if (link.prepared != null) {
      latecomers.add(workerId, link.prepared.token());
    }
  }

  @Override
  public void terminated() {
    // From then on other threads run what is posted, and tell of it.
    tell();
    terminated.complete(null);
    drainAfterEnd();
  }
}
