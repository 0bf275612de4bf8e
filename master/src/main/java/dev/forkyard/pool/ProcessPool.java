package dev.forkyard.pool;

import dev.forkyard.pool.ResultStream.Order;
import dev.forkyard.process.ProcessGuard;
import dev.forkyard.process.RuntimeDirectory;
import dev.forkyard.protocol.Frame.Encoding;
import dev.forkyard.protocol.Scoreboard;
import dev.forkyard.transport.TransportKind;
import dev.forkyard.transport.TransportServer;
import dev.forkyard.worker.CallableHandler;
import dev.forkyard.worker.HandlerCodecs;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.SerializableCallable;
import dev.forkyard.worker.StreamHandler;
import dev.forkyard.worker.ValueCodec;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pool of worker JVMs, by default one per available core.
 *
 * <p>Every accepted job ends exactly once, with a result or a typed error, whatever the job does to
 * its worker; a worker that dies costs the one job that it ran, or as many as it has slots ({@link
 * Builder#slotsPerWorker}). Nothing of a pool outlives it: not after {@link #close}, and not after
 * a {@code kill -9} of this JVM either.
 *
 * <p>All methods may be called from any thread, also from callbacks of the pool's own futures.
 */
public final class ProcessPool implements AutoCloseable {

  /** The largest number for {@link Builder#slotsPerWorker}. */
  public static final int MAX_SLOTS = Scoreboard.MAX_SLOTS;

  private static final Duration CLOSE_LIMIT = Duration.ofDays(1);
  private static final Duration KILL_LIMIT = Duration.ofSeconds(15);
  private static final int MAP_WINDOW = 1024;

  private final PoolConfig config;
  private final RuntimeDirectory directory;
  private final TransportServer server;
  private final @Nullable ProcessGuard guard;
  private final WorkerLauncher launcher;
  private final PoolLoop loop;
  private final Intake intake;
  private final ItemStreams streams;
  private final HandlerRef<SerializableCallable<Object>, Object> lambdas;
  private final Map<Class<?>, Handler<?, ?>> handlers;
  private final Thread shutdownHook;
  private final CompletableFuture<@Nullable Void> released = new CompletableFuture<>();
  private final Set<PoolExecutor> executors =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  /** A handler, and the options of its jobs that are submitted without. */
  private record Handler<I extends @Nullable Object, O extends @Nullable Object>(
      HandlerRef<I, O> ref, JobOptions options) {}

  private ProcessPool(PoolConfig config) throws IOException {
    this.config = config;
    Places places = new Places(config);
    this.handlers = new ConcurrentHashMap<>();
    this.lambdas = lambdas(config.allowedResults());
    this.loop = new PoolLoop(config, places::giveBack);
    this.intake = new Intake(config, loop, places);
    this.streams = new ItemStreams(loop, intake);
    this.directory = RuntimeDirectory.create();
    this.shutdownHook = new Thread(this::shutdownNow, config.name() + "-shutdown");
    CompletableFuture<String> address = new CompletableFuture<>();
    ProcessGuard started = null;
    WorkerLauncher launching = null;
    try {
      started = config.inProcess() ? null : ProcessGuard.start(directory.path());
      launching = new WorkerLauncher(config, directory, address, started);
      this.launcher = launching;
      Runtime.getRuntime().addShutdownHook(shutdownHook);
      loop.launchFirst(launcher);
      this.server =
          TransportServer.bind(
              transport(config.transport()), directory.path(), config.spinNanos(), loop::admit);
    } catch (IOException | RuntimeException | Error e) {
      // Ends the first workers, which wait for it.
      address.completeExceptionally(e);
      removeShutdownHook();
      if (launching != null) {
        launching.close();
      }
      if (started != null) {
        started.close();
      }
      directory.close();
      throw e;
    }
    this.guard = started;
    loop.start(server.loop());
    // Only now: a greeting must not be read before the loop has heard of the worker's token.
    address.complete(server.address());
    loop.termination().thenRunAsync(this::release, task -> daemon(task, "-release").start());
  }

  /** To find the best one loads Netty. */
  private static TransportKind transport(@Nullable TransportKind asked) {
    return asked == null ? TransportKind.best() : asked;
  }

  private static HandlerRef<SerializableCallable<Object>, Object> lambdas(
      @Nullable String allowed) {
    HandlerCodecs<SerializableCallable<Object>, Object> codecs =
        HandlerCodecs.of(CallableHandler.class);
    return new HandlerRef<>(
        CallableHandler.class.getName(),
        Encoding.BINARY,
        codecs.input(),
        allowed == null ? new ValueCodec() : ValueCodec.allowing(allowed));
  }

  /** A builder with the defaults: one worker per core, this JVM's class path, no deadlines. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Submits a job with its handler's {@link #defaultOptions}; see {@link #submit(HandlerRef,
   * Object, JobOptions)}.
   */
  public <I extends @Nullable Object, O extends @Nullable Object> JobFuture<O> submit(
      Class<? extends JobHandler<I, O>> handler, I input) {
    Handler<I, O> known = known(handler);
    return submit(known.ref(), input, known.options());
  }

  /** Submits a job; see {@link #submit(HandlerRef, Object, JobOptions)}. */
  public <I extends @Nullable Object, O extends @Nullable Object> JobFuture<O> submit(
      Class<? extends JobHandler<I, O>> handler, I input, JobOptions options) {
    return submit(ref(handler), input, options);
  }

  /**
   * Submits a lambda with the pool's own default options; see {@link #submit(SerializableCallable,
   * JobOptions)}.
   */
  public <T extends @Nullable Object> JobFuture<T> submit(SerializableCallable<T> task) {
    return submit(task, config.defaultOptions().ofPool());
  }

  /**
   * Submits a lambda, which travels by Java serialization with all that it captures. Its class must
   * be on the workers' class path. Its result, unless it is of a basic type, is only deserialized
   * here if its class is allowed ({@link Builder#allowResults}).
   *
   * @throws JobRejectedException if the pool is closed or the task is larger than a frame
   */
  @SuppressWarnings("unchecked") // the lambda's own type says what comes back
  public <T extends @Nullable Object> JobFuture<T> submit(
      SerializableCallable<T> task, JobOptions options) {
    Objects.requireNonNull(task, "task");
    return (JobFuture<T>) submit(lambdas, (SerializableCallable<Object>) task, options);
  }

  /**
   * Submits a job. The input is encoded on the calling thread, so it may be changed afterwards.
   * While the queue is full the call waits for a place, as long as {@link Builder#submitTimeout}
   * says.
   *
   * @return the job's future; a codec that throws fails it, unless this JVM is out of memory, which
   *     is thrown
   * @throws JobRejectedException if the pool is closed, the input is larger than a frame, there was
   *     no place in time, or the thread is interrupted while it waits for one (its interrupt flag
   *     stays set)
   */
  public <I extends @Nullable Object, O extends @Nullable Object> JobFuture<O> submit(
      HandlerRef<I, O> handler, I input, JobOptions options) {
    Objects.requireNonNull(handler, "handler");
    Objects.requireNonNull(options, "options");
    return intake.submit(handler, input, options);
  }

  /**
   * The options of jobs of this handler that are submitted without: those that the builder was
   * given for it ({@link Builder#defaultOptions(Class, JobOptions)}), or else the pool's own
   * ({@link Builder#defaultOptions(JobOptions)}), with what the handler's {@link
   * dev.forkyard.worker.JobDefaults} says in place of theirs. So {@code
   * pool.defaultOptions(Parse.class).withPriority(5)} changes one thing and keeps the others, where
   * {@code JobOptions.defaults().withPriority(5)} has no timeout.
   *
   * @throws IllegalArgumentException if what the annotation says can't be
   */
  public JobOptions defaultOptions(Class<? extends JobHandler<?, ?>> handler) {
    return config.defaultOptions().of(Objects.requireNonNull(handler, "handler"));
  }

  /**
   * Runs a job once on each worker that there is, with its handler's {@link #defaultOptions}; see
   * {@link #broadcast(Class, Object, JobOptions)}.
   */
  public <I extends @Nullable Object, O extends @Nullable Object> List<JobFuture<O>> broadcast(
      Class<? extends JobHandler<I, O>> handler, I input) {
    return broadcast(handler, input, known(handler).options());
  }

  /**
   * Runs a job once on each worker that there is: those that boot, idle, or work, and not those on
   * their way out. A worker runs it before all jobs that wait in the queue, and behind those in its
   * hands, in one of its slots; labels, priorities and keys do not count. On a worker that ends, or
   * is to be replaced where memory is short, before the job began, it fails with a {@link
   * WorkerLostException} and goes to no other; where it began it ends as any job does, but is not
   * run again on another worker. All of them together take one place in the queue.
   *
   * @return a future for each worker, the oldest worker's first; none where there is no worker
   * @throws JobFailedException if the input can't be encoded
   * @throws JobRejectedException as {@link #submit(HandlerRef, Object, JobOptions)} does
   * @throws PoolBrokenException if an error of the pool's own ended it
   */
  public <I extends @Nullable Object, O extends @Nullable Object> List<JobFuture<O>> broadcast(
      Class<? extends JobHandler<I, O>> handler, I input, JobOptions options) {
    Objects.requireNonNull(options, "options");
    return answer(loop.start(intake.broadcast(ref(handler), input, options), false));
  }

  /**
   * As {@link #broadcast(Class, Object, JobOptions)}, and for each worker that is launched later
   * too, which runs it before it takes any other job, until the answer is closed. One that fails
   * there is logged, and its worker takes jobs all the same.
   */
  public <I extends @Nullable Object, O extends @Nullable Object> Broadcast<O> broadcastAlways(
      Class<? extends JobHandler<I, O>> handler, I input, JobOptions options) {
    Objects.requireNonNull(options, "options");
    Broadcast<O> broadcast = intake.broadcast(ref(handler), input, options);
    answer(loop.start(broadcast, true));
    return broadcast;
  }

  @SuppressWarnings("unchecked") // keyed by the class whose types these are
  private <I extends @Nullable Object, O extends @Nullable Object> Handler<I, O> known(
      Class<? extends JobHandler<I, O>> handler) {
    Objects.requireNonNull(handler, "handler");
    Handler<?, ?> known = handlers.get(handler);
    if (known == null) {
      if (StreamHandler.class.isAssignableFrom(handler)) {
        throw new IllegalArgumentException(
            handler.getName() + " emits items: run it by stream or items");
      }
      known = new Handler<>(HandlerRef.of(handler), config.defaultOptions().of(handler));
      handlers.put(handler, known);
    }
    return (Handler<I, O>) known;
  }

  private <I extends @Nullable Object, O extends @Nullable Object> HandlerRef<I, O> ref(
      Class<? extends JobHandler<I, O>> handler) {
    return known(handler).ref();
  }

  /**
   * This pool for programs that are written for an {@link java.util.concurrent.ExecutorService}:
   * its tasks are jobs with the pool's own default options. It is a view with an end of its own, as
   * {@link SerializableExecutorService} tells, and each call answers with another one. Closing the
   * pool shuts them down.
   */
  public SerializableExecutorService asExecutorService() {
    PoolExecutor executor = new PoolExecutor(config, intake, lambdas);
    executors.add(executor);
    if (intake.isClosed()) {
      executor.shutdown();
    }
    return executor;
  }

  /**
   * Runs the handler over all inputs and streams the results in their order. Jobs are submitted as
   * the stream is consumed, and the inputs are pulled on the consumer's thread. At most 1,024 jobs
   * are ahead (64 before the first result), and no more than take about 64 MiB and one job more. At
   * the first failure the stream throws it and the jobs ahead are cancelled, as they are when the
   * stream is closed.
   */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> map(
      Class<? extends JobHandler<I, O>> handler, Iterable<? extends I> inputs) {
    return map(handler, inputs, known(handler).options());
  }

  /** As {@link #map(Class, Iterable)}, with these options for each job. */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> map(
      Class<? extends JobHandler<I, O>> handler, Iterable<? extends I> inputs, JobOptions options) {
    return results(submitter(handler, options), inputs.iterator(), Order.OF_INPUTS, () -> {});
  }

  /** As {@link #map(Class, Iterable)}; closing the result closes the inputs too. */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> map(
      Class<? extends JobHandler<I, O>> handler, Stream<? extends I> inputs) {
    return map(handler, inputs, known(handler).options());
  }

  /** As {@link #map(Class, Stream)}, with these options for each job. */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> map(
      Class<? extends JobHandler<I, O>> handler, Stream<? extends I> inputs, JobOptions options) {
    return results(submitter(handler, options), inputs.iterator(), Order.OF_INPUTS, inputs::close);
  }

  /**
   * As {@link #map(Class, Iterable)}, but with the results in the order in which the jobs end, so
   * that one that lasts holds up no other.
   */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> mapUnordered(
      Class<? extends JobHandler<I, O>> handler, Iterable<? extends I> inputs) {
    return mapUnordered(handler, inputs, known(handler).options());
  }

  /** As {@link #mapUnordered(Class, Iterable)}, with these options for each job. */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> mapUnordered(
      Class<? extends JobHandler<I, O>> handler, Iterable<? extends I> inputs, JobOptions options) {
    return results(submitter(handler, options), inputs.iterator(), Order.OF_ENDS, () -> {});
  }

  /** As {@link #mapUnordered(Class, Iterable)}; closing the result closes the inputs too. */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> mapUnordered(
      Class<? extends JobHandler<I, O>> handler, Stream<? extends I> inputs) {
    return mapUnordered(handler, inputs, known(handler).options());
  }

  /** As {@link #mapUnordered(Class, Stream)}, with these options for each job. */
  public <I extends @Nullable Object, O extends @Nullable Object> Stream<O> mapUnordered(
      Class<? extends JobHandler<I, O>> handler, Stream<? extends I> inputs, JobOptions options) {
    return results(submitter(handler, options), inputs.iterator(), Order.OF_ENDS, inputs::close);
  }

  /**
   * As {@link #map(Class, Iterable)}, but with one outcome per input, failures included, to the
   * end.
   */
  public <I extends @Nullable Object, O extends @Nullable Object>
      Stream<JobOutcome<I, O>> mapOutcomes(
          Class<? extends JobHandler<I, O>> handler, Iterable<? extends I> inputs) {
    return mapOutcomes(handler, inputs, known(handler).options());
  }

  /** As {@link #mapOutcomes(Class, Iterable)}, with these options for each job. */
  public <I extends @Nullable Object, O extends @Nullable Object>
      Stream<JobOutcome<I, O>> mapOutcomes(
          Class<? extends JobHandler<I, O>> handler,
          Iterable<? extends I> inputs,
          JobOptions options) {
    return outcomes(submitter(handler, options), inputs.iterator(), () -> {});
  }

  /** As {@link #mapOutcomes(Class, Iterable)}; closing the result closes the inputs too. */
  public <I extends @Nullable Object, O extends @Nullable Object>
      Stream<JobOutcome<I, O>> mapOutcomes(
          Class<? extends JobHandler<I, O>> handler, Stream<? extends I> inputs) {
    return mapOutcomes(handler, inputs, known(handler).options());
  }

  /** As {@link #mapOutcomes(Class, Stream)}, with these options for each job. */
  public <I extends @Nullable Object, O extends @Nullable Object>
      Stream<JobOutcome<I, O>> mapOutcomes(
          Class<? extends JobHandler<I, O>> handler,
          Stream<? extends I> inputs,
          JobOptions options) {
    return outcomes(submitter(handler, options), inputs.iterator(), inputs::close);
  }

  /**
   * The items that one job emits, for a reactive library, with its handler's {@link
   * #defaultOptions} but for retries; see {@link #stream(Class, Object, JobOptions)}.
   */
  public <I extends @Nullable Object, T> Flow.Publisher<T> stream(
      Class<? extends StreamHandler<I, T>> handler, I input) {
    return streams.publisher(handler, input, defaultOptions(handler).withRetries(0));
  }

  /**
   * The items that one job emits, for a reactive library. Each subscriber has a job of its own,
   * which is submitted on the thread that subscribes, as {@link #submit(HandlerRef, Object,
   * JobOptions)} does. Items come in the order in which they were emitted, one at a time, on a
   * thread of the pool's own that is there for this subscriber alone, and never more than it
   * requested: a job that is 256 items or 1 MiB ahead waits.
   *
   * <p>The stream ends with what a {@link JobFuture} would, after the items before it: a {@link
   * JobException} where the handler throws, its worker dies or a deadline passes. To cancel ends
   * the job as {@link JobFuture#cancel} does, which costs its worker.
   *
   * @throws IllegalArgumentException if a type of the handler has no codec, or the options have
   *     listeners or retries: what was taken can't be emitted again
   */
  public <I extends @Nullable Object, T> Flow.Publisher<T> stream(
      Class<? extends StreamHandler<I, T>> handler, I input, JobOptions options) {
    return streams.publisher(handler, input, options);
  }

  /**
   * The items that one job emits, for a thread that takes them one by one, with its handler's
   * {@link #defaultOptions} but for retries; see {@link #items(Class, Object, JobOptions)}.
   */
  public <I extends @Nullable Object, T> Stream<T> items(
      Class<? extends StreamHandler<I, T>> handler, I input) {
    return streams.stream(handler, input, defaultOptions(handler).withRetries(0));
  }

  /**
   * The items that one job emits, for a thread that takes them one by one. The job is submitted
   * when the first is wanted, and waits where it is 256 items or 1 MiB ahead. At its failure, after
   * the items before it, the stream throws it. A stream that is not taken to its end must be
   * closed, which cancels the job.
   *
   * @throws IllegalArgumentException as {@link #stream(Class, Object, JobOptions)}
   */
  public <I extends @Nullable Object, T> Stream<T> items(
      Class<? extends StreamHandler<I, T>> handler, I input, JobOptions options) {
    return streams.stream(handler, input, options);
  }

  private <I extends @Nullable Object, O extends @Nullable Object> Stream<O> results(
      Function<I, JobFuture<O>> submit,
      Iterator<? extends I> inputs,
      Order order,
      Runnable onClose) {
    return ResultStream.results(inputs, submit, window(), order, onClose);
  }

  private <I extends @Nullable Object, O extends @Nullable Object>
      Stream<JobOutcome<I, O>> outcomes(
          Function<I, JobFuture<O>> submit, Iterator<? extends I> inputs, Runnable onClose) {
    return ResultStream.outcomes(inputs, submit, window(), onClose);
  }

  private <I extends @Nullable Object, O extends @Nullable Object>
      Function<I, JobFuture<O>> submitter(
          Class<? extends JobHandler<I, O>> handler, JobOptions options) {
    HandlerRef<I, O> ref = ref(handler);
    Objects.requireNonNull(options, "options");
    return input -> submit(ref, input, options);
  }

  private int window() {
    return Math.min(MAP_WINDOW, config.queueCapacity());
  }

  /**
   * Counts that add up, taken at one moment on the event loop after all that this thread did
   * before.
   *
   * @throws PoolBrokenException if an error of the pool's own ended it
   */
  public PoolStats stats() {
    return answer(loop.stats());
  }

  String name() {
    return config.name();
  }

  /** How many jobs the queue has room for. */
  int freePlaces() {
    return intake.freePlaces();
  }

  /** As they were last asked for. */
  PoolConfig settings() {
    return loop.settings();
  }

  boolean recordsTimes() {
    return config.recordTimes();
  }

  /**
   * How long jobs took so far.
   *
   * @throws IllegalStateException if the pool was built without {@link Builder#recordTimes}
   * @throws PoolBrokenException if an error of the pool's own ended it
   */
  public JobTimes times() {
    if (!config.recordTimes()) {
      throw new IllegalStateException(
          "pool " + config.name() + " does not record times; build it with recordTimes()");
    }
    return answer(loop.times());
  }

  /**
   * The workers alive, oldest first.
   *
   * @throws PoolBrokenException if an error of the pool's own ended it
   */
  public List<WorkerInfo> workers() {
    return answer(loop.workers());
  }

  /**
   * Replaces the workers that there are now by fresh ones, one after the other: each goes between
   * two jobs, when its replacement is ready. One whose job lasts is passed over until others are
   * replaced. Returns at once; does nothing when the pool is closed.
   */
  public void recycle() {
    loop.recycle();
  }

  /**
   * Changes how many workers live at most, and, where {@link Builder#minWorkers} was not set, at
   * least; where it was, that is a limit that this may lower for as long as it is smaller. Missing
   * workers are launched at once. Those too many go between two jobs: the ones that boot first,
   * then those that idle, then the others. No job is lost. New workers' heaps are their share of
   * what the machine or container has, where {@link Builder#workerHeapBytes} does not say it; those
   * that live keep theirs. Returns at once; does nothing when the pool is closed.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public void resize(int workers) {
    loop.resize(PoolSettings.atLeast(1, "workers", workers));
  }

  /**
   * Replaces all workers by fresh ones with the same settings, which read what is on their class
   * path anew; see {@link #reload(List, List)}.
   */
  public CompletableFuture<@Nullable Void> reload() {
    return loop.reload(null, List.of());
  }

  /**
   * Replaces all workers by ones with another class path and other JVM options, one after the other
   * and each between two jobs, while jobs go on. The new ones prove themselves first: none of the
   * old ones goes before a new one is ready. If one of the new ones does not boot, before the last
   * of the old ones is gone, all is as before: workers have the old settings, and new ones that run
   * are replaced.
   *
   * <p>Handlers' types and codecs are this JVM's, and stay so.
   *
   * @param classPath must hold {@code forkyard-worker}
   * @param jvmOptions as for {@link Builder#jvmOptions}, in place of those
   * @return completes when the last old worker is gone, which takes as long as its job does, or
   *     fails with a {@link ReloadFailedException}: since the class path has no forkyard-worker of
   *     this program's build, or a new worker did not boot, as the message tells; another reload is
   *     under way; or the pool is closed or broken. Callbacks run on a thread of its own. To cancel
   *     it does nothing
   */
  public CompletableFuture<@Nullable Void> reload(List<Path> classPath, List<String> jvmOptions) {
    List<Path> entries = List.copyOf(classPath);
    String problem = config.inProcess() ? null : ClassPathCheck.problem(entries, true);
    return problem == null
        ? loop.reload(entries, List.copyOf(jvmOptions))
        : CompletableFuture.failedFuture(
            new ReloadFailedException(
                "pool "
                    + config.name()
                    + " was not reloaded: workers can't start with the new class path: "
                    + problem));
  }

  /**
   * Makes the archive of the workers' classes where it is missing, and waits for it: seconds, and
   * minutes at most. Without it one is made in the background ({@link Builder#classDataSharing}),
   * but only by a pool that lives long enough; so programs that are soon over do this once, where
   * they are installed.
   *
   * @return whether there is one, so that workers from now on start with it
   */
  public boolean makeArchive() {
    return launcher.makeArchive(config);
  }

  private static <T> T answer(CompletableFuture<T> question) {
    try {
      return question.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException known ? known : e;
    }
  }

  /**
   * Takes no more jobs, waits until those accepted have ended, and ends the workers. When it
   * returns no process of the pool is left. An interrupt while it waits shuts the pool down at
   * once, and so it is after 24 hours: use {@link #close(Duration)} to wait longer. May be called
   * again.
   */
  @Override
  public void close() {
    close(CLOSE_LIMIT);
  }

  /**
   * As {@link #close()}, but kills what has not ended after the given time; after zero or less at
   * once, and after more than 50 years never.
   *
   * @return whether all jobs ended by themselves
   */
  public boolean close(Duration limit) {
    Objects.requireNonNull(limit, "limit");
    stopTaking();
    loop.close();
    boolean byThemselves = await(loop.termination(), limit);
    if (!byThemselves) {
      loop.shutdownNow();
    }
    awaitUninterruptibly(released);
    return byThemselves;
  }

  /**
   * Takes no more jobs, cancels those that wait or run, and kills the workers with all that they
   * started. When it returns no process of the pool is left.
   */
  public void shutdownNow() {
    stopTaking();
    loop.shutdownNow();
    awaitUninterruptibly(released);
  }

  private void stopTaking() {
    intake.close();
    List<PoolExecutor> views;
    synchronized (executors) {
      views = List.copyOf(executors);
    }
    views.forEach(PoolExecutor::shutdown);
  }

  private static boolean await(CompletableFuture<?> end, Duration limit) {
    try {
      end.get(limit.isNegative() ? 0 : JobOptions.nanos(limit), TimeUnit.NANOSECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    }
  }

  /** Bounded all the same: the ladder that it waits for is. */
  private void awaitUninterruptibly(CompletableFuture<?> end) {
    boolean interrupted = Thread.interrupted();
    long deadline = System.nanoTime() + KILL_LIMIT.toNanos();
    while (!end.isDone() && deadline - System.nanoTime() > 0) {
      try {
        end.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (TimeoutException | ExecutionException e) {
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void release() {
    try {
      launcher.close();
      server.close();
      if (guard != null) {
        guard.close();
      }
      directory.close();
      loop.completer().close();
      loop.events().close();
      removeShutdownHook();
    } finally {
      released.complete(null);
    }
  }

  private void removeShutdownHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException alreadyShuttingDown) {
      // Then the hook is what runs.
    }
  }

  private Thread daemon(Runnable task, String suffix) {
    Thread thread = new Thread(task, config.name() + suffix);
    thread.setDaemon(true);
    return thread;
  }

  /** Hears what workers print. */
  @FunctionalInterface
  public interface OutputListener {

    /**
     * One line of a worker's standard output or error, called on a thread of that worker's.
     *
     * @param workerPid the worker's process id
     * @param text the line without its end
     */
    void line(long workerPid, String text);
  }

  /** Settings of a pool; each is checked where it is given, or by {@link #build}. */
  public static final class Builder {

    private final PoolSettings settings = new PoolSettings();

    private Builder() {}

    /** Names the pool in errors, logs and thread names; by default {@code pool-1} and so on. */
    public Builder name(String name) {
      settings.name = Objects.requireNonNull(name, "name");
      return this;
    }

    /** How many workers live at most; by default one per core that this JVM may use. */
    public Builder workers(int workers) {
      settings.workers = PoolSettings.atLeast(1, "workers", workers);
      return this;
    }

    /**
     * How many workers live even when there is nothing to do; by default as many as {@link
     * #workers}. With fewer, the others start as jobs come.
     */
    public Builder minWorkers(int minWorkers) {
      settings.minWorkers = PoolSettings.atLeast(0, "minWorkers", minWorkers);
      return this;
    }

    /**
     * How many jobs each worker runs at a time, for jobs that wait (for a server, a disk, a
     * program) rather than compute: one by default, and {@link #MAX_SLOTS} at most. Each slot has a
     * thread and handler instances of its own, so a handler still needs no locks, but for what it
     * shares with others by static fields.
     *
     * <p>A worker that dies costs the jobs of all its slots, and so does one that is killed for one
     * of them: each of the others ends with a {@link WorkerLostException}, or is retried where that
     * was asked for. So with more than one slot a job that is cancelled, or runs longer than it
     * may, is first asked to stop: its {@code cancelled} flag is set and its thread interrupted.
     * Only where it has not ended 200 ms later is its worker killed. A job that heeds an interrupt
     * costs no other. (The future of a job that is too late ends when either has happened.)
     *
     * <p>A {@link ProcessPool#broadcast} runs once on each worker, in one of its slots.
     *
     * @throws IllegalArgumentException by {@link #build}, if it is less than 1 or more than {@link
     *     #MAX_SLOTS}
     */
    public Builder slotsPerWorker(int slotsPerWorker) {
      settings.slots = slotsPerWorker;
      return this;
    }

    /**
     * How long a worker may idle before it goes, where more live than {@link #minWorkers} and the
     * jobs that there are, with {@link #spareWorkers}, ask for; by default for ever. The one that
     * has idled for longest goes first. When more jobs come, missing workers are launched, all at
     * once.
     *
     * @throws IllegalArgumentException if it is zero or negative
     */
    public Builder idleTimeout(Duration idleTimeout) {
      settings.idleTimeout = JobOptions.positive("idleTimeout", idleTimeout);
      return this;
    }

    /**
     * How many workers are kept warm beyond those that the jobs ask for, as far as {@link #workers}
     * allows; by default none. So a burst of as many jobs finds workers that have booted, while
     * others are launched.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder spareWorkers(int spareWorkers) {
      settings.spareWorkers = PoolSettings.atLeast(0, "spareWorkers", spareWorkers);
      return this;
    }

    /**
     * Who gets each job that any worker may have; by default a worker with fewest jobs, and of
     * those the one that was at work last.
     */
    public Builder workerChoice(WorkerChoice workerChoice) {
      settings.workerChoice = Objects.requireNonNull(workerChoice, "workerChoice");
      return this;
    }

    /**
     * How many jobs a worker may hold beyond those that it runs; by default 511. The number in use
     * follows the measured run time: many of microseconds, a few of a millisecond, none of longer
     * ones.
     */
    public Builder prefetch(int prefetch) {
      settings.prefetch = PoolSettings.atLeast(0, "prefetch", prefetch);
      return this;
    }

    /**
     * How many jobs may wait for a worker before {@code submit} itself waits, as {@link
     * #submitTimeout} says; by default 10,000. {@link Integer#MAX_VALUE} is as good as without
     * limit.
     */
    public Builder queueCapacity(int queueCapacity) {
      settings.queueCapacity = PoolSettings.atLeast(1, "queueCapacity", queueCapacity);
      return this;
    }

    /**
     * How long {@code submit} waits for a place in a full queue before it refuses the job with a
     * {@link JobRejectedException}; by default for ever. With zero it refuses at once.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder submitTimeout(Duration submitTimeout) {
      if (submitTimeout.isNegative()) {
        throw new IllegalArgumentException(
            "submitTimeout must be zero or more, but is " + submitTimeout);
      }
      settings.submitTimeout = submitTimeout;
      return this;
    }

    /**
     * The size of the largest message, and so about that of the largest input or result; by default
     * 128 MiB.
     */
    public Builder maxFrameBytes(int maxFrameBytes) {
      settings.maxFrameBytes = PoolSettings.atLeast(64 << 10, "maxFrameBytes", maxFrameBytes);
      return this;
    }

    /**
     * How long a worker may take to start before it is killed; by default 30 s, and for ever where
     * it is more than 50 years.
     */
    public Builder bootTimeout(Duration bootTimeout) {
      settings.bootTimeout = JobOptions.positive("bootTimeout", bootTimeout);
      return this;
    }

    /**
     * How long a worker that runs a job may show no sign of life before it is killed, and the job
     * is lost; by default 10 s. A thread of each worker's own shows them, whatever the job does, so
     * that none come means that the process is stopped ({@code SIGSTOP}, a debugger), or its JVM is
     * stuck or paused. A worker without a job is replaced after 3 s, or this time where it is less.
     * Counted in whole seconds; to debug jobs there is {@link #debugWorkers}.
     *
     * @throws IllegalArgumentException if it is less than 1 s
     */
    public Builder heartbeatTimeout(Duration heartbeatTimeout) {
      if (heartbeatTimeout.compareTo(Duration.ofSeconds(1)) < 0) {
        throw new IllegalArgumentException(
            "heartbeatTimeout must be at least PT1S, but is " + heartbeatTimeout);
      }
      settings.heartbeatTimeout = heartbeatTimeout;
      return this;
    }

    /**
     * After how many jobs a worker is replaced by a fresh one, as against leaks; by default never.
     * It gets no more, retries among them, and goes when they are done. Of eight and more up to an
     * eighth is left out by chance, so that workers which began together do not end together.
     *
     * <p>Here as for {@link #maxWorkerAge}, {@link #maxWorkerMemory} and {@link
     * ProcessPool#recycle}, the replacement is ready first, so that one process more than {@link
     * #workers} lives meanwhile, and one worker goes at a time. So where a worker's jobs take less
     * time than to boot {@link #workers} replacements one after the other, jobs wait for those.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder maxJobsPerWorker(int maxJobsPerWorker) {
      settings.maxJobsPerWorker = PoolSettings.atLeast(1, "maxJobsPerWorker", maxJobsPerWorker);
      return this;
    }

    /**
     * How old a worker may get before it is replaced by a fresh one, between two jobs; by default
     * there is no limit. Up to an eighth is left out by chance. A job is not stopped for it: it may
     * be older while one runs, and while others are replaced.
     *
     * @throws IllegalArgumentException if it is zero or negative
     */
    public Builder maxWorkerAge(Duration maxWorkerAge) {
      settings.maxWorkerAge = JobOptions.positive("maxWorkerAge", maxWorkerAge);
      return this;
    }

    /**
     * How many bytes of memory a worker may hold before it is replaced by a fresh one, between two
     * jobs; by default there is no limit. What counts is its proportional set size as the kernel
     * tells it, or else its resident set size: the heap and all else, but not what its children
     * hold. It is looked at about once a second, so a job may hold more; for what one job may hold
     * there is {@link #workerHeapBytes}. A JVM keeps most of the heap that it once needed, so leave
     * room for all of that, and some 100 MiB beside it.
     *
     * <p>A worker that holds more before it had any job has failed to start, and the next would do
     * the same: {@link PoolBrokenException}, which tells both figures, ends the pool's jobs. Where
     * there is no {@code /proc} nothing is known of memory, and this has no effect.
     *
     * @throws IllegalArgumentException if it is less than 1 MiB
     */
    public Builder maxWorkerMemory(long bytes) {
      settings.maxWorkerMemory = PoolSettings.atLeastOneMebibyte("maxWorkerMemory", bytes);
      return this;
    }

    /**
     * How many bytes of memory all workers may hold together, as {@link #maxWorkerMemory} counts
     * them; by default there is no limit. While they hold more, no job is handed out, and the
     * largest worker is replaced when its jobs are done, so that the others go on. Jobs that run
     * are not stopped for it, so what they take comes on top. A worker is launched only where there
     * is room for a fresh one, so fewer than {@link #workers} may live; there is always one.
     *
     * <p>A worker that alone holds more before it had any job has failed to start, as with {@link
     * #maxWorkerMemory}. Where there is no {@code /proc} this has no effect.
     *
     * @throws IllegalArgumentException if it is less than 1 MiB
     */
    public Builder memoryBudget(long bytes) {
      settings.memoryBudget = PoolSettings.atLeastOneMebibyte("memoryBudget", bytes);
      return this;
    }

    /**
     * How long a worker that is replaced, or whose pool closes, may take for the {@link
     * JobHandler#stop} of its handlers and the end of its process before it is killed; by default 5
     * s, and for ever where it is more than 50 years.
     *
     * @throws IllegalArgumentException if it is zero or negative
     */
    public Builder stopTimeout(Duration stopTimeout) {
      settings.stopTimeout = JobOptions.positive("stopTimeout", stopTimeout);
      return this;
    }

    /**
     * How long a thread looks for what it waits for before it sleeps: the event loop, each worker
     * without a job, and who waits in {@link JobFuture#get}; by default not at all. It takes the
     * time of waking them up off each job, and cores off everyone else, so it is for jobs of
     * microseconds that come one by one, to fewer workers than there are cores.
     *
     * @throws IllegalArgumentException if it is negative or more than 1 s
     */
    public Builder spinFor(Duration spinFor) {
      if (spinFor.isNegative() || spinFor.compareTo(Duration.ofSeconds(1)) > 0) {
        throw new IllegalArgumentException(
            "spinFor must be between PT0S and PT1S, but is " + spinFor);
      }
      settings.spinFor = spinFor;
      return this;
    }

    /** The workers' class path, which must hold {@code forkyard-worker}; by default this JVM's. */
    public Builder classPath(List<Path> classPath) {
      settings.classPath = List.copyOf(classPath);
      return this;
    }

    /** Options of the workers' JVM, after and so before in effect the pool's own. */
    public Builder jvmOptions(List<String> jvmOptions) {
      settings.jvmOptions = List.copyOf(jvmOptions);
      return this;
    }

    /**
     * Sets an environment variable of the workers, or removes it where the value is null. They
     * inherit this JVM's environment, but for {@code JAVA_TOOL_OPTIONS}, {@code JDK_JAVA_OPTIONS}
     * and {@code _JAVA_OPTIONS}: an agent or a debug port of this JVM's would collide with theirs.
     * Where one of those is meant for the workers, set it here.
     */
    public Builder environment(String variable, @Nullable String value) {
      settings.environment.put(Objects.requireNonNull(variable, "variable"), value);
      return this;
    }

    /** The JDK or JRE of the workers; by default this JVM's. */
    public Builder javaHome(Path javaHome) {
      settings.javaHome = Objects.requireNonNull(javaHome, "javaHome");
      return this;
    }

    /**
     * Where a worker whose JVM crashes leaves its report; by default the directory for temporary
     * files.
     */
    public Builder crashDirectory(Path crashDirectory) {
      settings.crashDirectory = Objects.requireNonNull(crashDirectory, "crashDirectory");
      return this;
    }

    /**
     * A worker's maximum heap; by default its share of what the machine or container has. Where the
     * heaps of all may outgrow that, the pool warns with the arithmetic when it is built or
     * resized.
     */
    public Builder workerHeapBytes(long workerHeapBytes) {
      settings.workerHeapBytes =
          PoolSettings.atLeastOneMebibyte("workerHeapBytes", workerHeapBytes);
      return this;
    }

    /**
     * Whether workers start from an archive of their classes, about a third sooner; by default they
     * do. It is kept in {@link #cacheDirectory}, and made where it is missing: by a process of low
     * priority, once the pool has lived for 2 s, which ends with the pool. It holds classes of
     * jars, and of those before the first directory of the class path alone; there is none where
     * that begins with a directory, or {@link #jvmOptions} have an agent or archives of their own.
     * Where it can't be made or used, workers start without.
     */
    public Builder classDataSharing(boolean classDataSharing) {
      settings.classDataSharing = classDataSharing;
      return this;
    }

    /**
     * Where archives of classes are kept, for this user alone: about 2 MiB each, and no more than
     * eight; by default {@code forkyard} in {@code XDG_CACHE_HOME} or {@code ~/.cache}, on macOS in
     * {@code ~/Library/Caches} and on Windows in {@code LOCALAPPDATA}. It is made when it is
     * needed. One that others may look into is not used.
     */
    public Builder cacheDirectory(Path cacheDirectory) {
      settings.cacheDirectory = cacheDirectory.toAbsolutePath();
      return this;
    }

    /** The kind of socket; by default the best that this system has. */
    public Builder transport(TransportKind transport) {
      settings.transport = Objects.requireNonNull(transport, "transport");
      return this;
    }

    /**
     * How workers make a handler, in place of its public no-argument constructor: {@code
     * handler(Tagger.class, () -> new Tagger(dictionary))}. The factory is serialized here and now,
     * with all that it captures, and each worker gets it once, when it starts; also those that
     * start later. It is called when the handler is first wanted. Where it throws, or can't be read
     * there, the job that wants the handler fails in stage {@code HANDLER} with that, and the next
     * one tries anew.
     *
     * <p>All that workers get so, {@link #warmUp} included, is {@link #maxFrameBytes} at most. Each
     * worker reads it into its heap.
     *
     * @throws IllegalArgumentException if it can't be serialized, with the path to what can't
     */
    public <H extends JobHandler<?, ?>> Builder handler(
        Class<H> handler, SerializableCallable<? extends H> factory) {
      settings.setup.handler(handler, factory);
      return this;
    }

    /**
     * Sets what handlers read by {@code setting(name)} of their context, in {@link
     * JobHandler#start} and with each job: the same for all workers of the pool. It is no place for
     * secrets: whoever may look into a worker's memory finds them.
     */
    public Builder setting(String name, String value) {
      settings.setup.setting(name, value);
      return this;
    }

    /**
     * Has each worker make and start this handler before it is ready for jobs, so that its first
     * job does not wait for that; in the order in which they are given, within {@link
     * #bootTimeout}. Where that throws the worker has failed to start, and so do the next: {@link
     * PoolBrokenException}, which tells the stack, ends the pool's jobs, unless other workers of it
     * started before.
     */
    public Builder warmUp(Class<? extends JobHandler<?, ?>> handler) {
      settings.setup.warmUp(handler);
      return this;
    }

    /**
     * As {@link #warmUp(Class)}, and has the handler handle an input, whose result is thrown away:
     * as a job with the id 0, which nobody counts. May be called for several inputs.
     *
     * @throws IllegalArgumentException if the input can't be encoded
     */
    public <I extends @Nullable Object, O extends @Nullable Object> Builder warmUp(
        Class<? extends JobHandler<I, O>> handler, I input) {
      settings.setup.warmUp(handler, input);
      return this;
    }

    /**
     * Has workers wait for a debugger, for breakpoints in handlers: each at a port of its own on
     * the loopback interface, the first free ones from this on. 0 has each choose one. Where each
     * waits is told by {@link PoolEvent.WorkerDebuggable}, in the log, and by the worker's own
     * output. They do not wait to be looked at, but go on.
     *
     * <p>A worker that stands at a breakpoint must not be killed for it. So jobs have no run, soft
     * or stall timeout, and workers no boot and heartbeat timeout; each holds the job that it runs
     * and no other, and starts without an archive of classes. {@link ProcessPool#shutdownNow} ends
     * them all the same.
     *
     * @throws IllegalArgumentException if it is negative or more than 65,535
     */
    public Builder debugWorkers(int port) {
      if (port < 0 || port > 65_535) {
        throw new IllegalArgumentException(
            "debugWorkers must be a port from 0 to 65535, but is " + port);
      }
      settings.debugPort = port;
      return this;
    }

    /**
     * Has workers live on threads of this process, for breakpoints and for tests that are to be
     * quick: jobs travel as ever, through codecs, serialization and a socket, and handlers are
     * found by the class loader of the thread that builds the pool.
     *
     * <p>Nothing is isolated then. A job that calls {@code System.exit}, crashes, or exhausts the
     * memory takes this program with it. A cancel and a deadline end the job's future and interrupt
     * its thread, and no more can be done: one that does not heed it runs on beside its worker's
     * replacement. The class path, options, environment and memory of workers are this process's,
     * whatever the builder says, and what jobs print goes where this program's output goes.
     *
     * @see #debugWorkers
     */
    public Builder inProcess() {
      settings.inProcess = true;
      return this;
    }

    /**
     * Has each job take along what the thread that submits it has in its logging context (SLF4J's
     * MDC): where handlers have SLF4J on their class path they find it there, and so do the lines
     * that they log. It costs each job the copy, and some bytes on its way; it may have 16 KiB, and
     * what has more is refused by {@code submit}.
     */
    public Builder carryLogContext() {
      settings.carriesLogContext = true;
      return this;
    }

    /**
     * How many pools may be within each other, this one among them: a handler may build a pool,
     * whose handlers may build one, and so on, and one that is too deep is refused. By default
     * three, and in a handler as many as the pool around it allows, unless that is {@link
     * #inProcess}. Workers are told by the environment variable {@code FORKYARD_DEPTH}.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder maxDepth(int maxDepth) {
      settings.maxDepth = PoolSettings.atLeast(1, "maxDepth", maxDepth);
      return this;
    }

    /** The options of jobs that are submitted without, whose handler has none of its own. */
    public Builder defaultOptions(JobOptions defaultOptions) {
      settings.defaultOptions = Objects.requireNonNull(defaultOptions, "defaultOptions");
      return this;
    }

    /**
     * The options of one handler's jobs that are submitted without, in place of the pool's and of
     * what the handler's {@link dev.forkyard.worker.JobDefaults} says. They count for {@code map}
     * and its kin too.
     */
    public Builder defaultOptions(
        Class<? extends JobHandler<?, ?>> handler, JobOptions defaultOptions) {
      settings.handlerOptions.put(
          Objects.requireNonNull(handler, "handler"),
          Objects.requireNonNull(defaultOptions, "defaultOptions"));
      return this;
    }

    /**
     * Where the workers' output goes, line by line; by default to the logger {@code
     * dev.forkyard.output}.
     */
    public Builder onOutput(OutputListener listener) {
      settings.outputListener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Hears what happens to the pool and its workers: in order, each after it happened, on one
     * thread of the pool's own, which is no thread that jobs wait for. What the listener throws is
     * logged. One that is more than 10,000 events behind misses some, which is logged too. The last
     * events may be told when {@link #close} has returned.
     */
    public Builder onEvent(Consumer<PoolEvent> listener) {
      settings.eventListener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Records how long jobs wait and run, for {@link ProcessPool#times}. It costs some 10 ns a job,
     * and some 7 ms at the start.
     */
    public Builder recordTimes() {
      settings.recordTimes = true;
      return this;
    }

    /**
     * Where futures complete and callbacks run; by default on daemon threads of the pool's own.
     * What it refuses, or would run on the thread that hands it over, runs on those all the same.
     */
    public Builder completionExecutor(Executor executor) {
      settings.completionExecutor = Objects.requireNonNull(executor, "executor");
      return this;
    }

    /**
     * Allows classes of lambdas' results to be deserialized here, besides the basic ones, by a
     * pattern of {@link ObjectInputFilter.Config#createFilter} such as {@code com.acme.orders.*}.
     */
    public Builder allowResults(String pattern) {
      ObjectInputFilter.Config.createFilter(pattern);
      settings.allowedResults.add(pattern);
      return this;
    }

    /**
     * Starts the pool. It returns before its workers are ready.
     *
     * @throws IllegalArgumentException if settings contradict each other, naming them, or the
     *     workers' class path has no forkyard-worker that they could start with, or another build
     *     of it than this program
     * @throws IllegalStateException if it is too deep within other pools
     * @throws UncheckedIOException if its socket or its guard process can't be made
     */
    public ProcessPool build() {
      PoolConfig config = settings.checked();
      try {
        return new ProcessPool(config);
      } catch (IOException e) {
        throw new UncheckedIOException(
            "pool " + config.name() + " could not be started: " + e.getMessage(), e);
      }
    }

    /** The settings so far, if they do not contradict each other. */
    PoolConfig config() {
      return settings.config();
    }
  }
}
