package dev.forkyard.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a child writes to one of its standard streams, to be taken in one of three ways: as an
 * {@link InputStream}, which this is; as a {@link #publisher} of bytes; or line by line ({@link
 * #onLine}).
 *
 * <p>At most 128 KiB (and the system's pipe) wait here for whoever takes it; then the child's
 * writes wait. What is still in the pipe when the child ends is taken in too, so that no descriptor
 * stays open for an output that nobody reads.
 */
public final class ChildOutput extends InputStream {

  private static final int LIMIT_BYTES = 128 << 10;

  /** A pipe holds 64 KiB, unless its writer asked for more, of which 1 MiB is the most. */
  private static final int LIMIT_BYTES_AFTER_EXIT = LIMIT_BYTES + (1 << 20);

  /** What a chunk takes beside its bytes: many small writes must not take more than a few large. */
  private static final int CHUNK_BYTES = 64;

  private enum Use {
    NONE,
    STREAM,
    PUBLISHER
  }

  private final String name;
  private final OutputSource source;
  private final Callbacks callbacks;
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

  private final Object lock = new Object();
  private final ArrayDeque<ByteBuffer> chunks = new ArrayDeque<>();
  private int bufferedBytes;
  private int limitBytes = LIMIT_BYTES;
  private boolean paused;
  private boolean sourceEnded;
  private boolean closed;
  private Use use = Use.NONE;
  private @Nullable Subscription subscription;

  ChildOutput(String name, OutputSource source, Callbacks callbacks) {
    this.name = name;
    this.source = source;
    this.callbacks = callbacks;
  }

  OutputSink sink() {
    return new Sink();
  }

  /**
   * Completes when nothing more can come; where there is a subscriber or a listener by now, when it
   * was told.
   */
  CompletableFuture<@Nullable Void> ended() {
    synchronized (lock) {
      return subscription == null ? ended : subscription.told;
    }
  }

  private final class Sink implements OutputSink {

    @Override
    public boolean accept(ByteBuffer bytes) {
      Subscription waiting;
      boolean more;
      synchronized (lock) {
        if (closed) {
          return true;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        chunks.addLast(ByteBuffer.wrap(copy));
        bufferedBytes += copy.length;
        more = heldBytes() < limitBytes;
        paused = !more;
        lock.notifyAll();
        waiting = subscription;
      }
      if (waiting != null) {
        waiting.schedule();
      }
      return more;
    }

    @Override
    public void end() {
      Subscription waiting;
      synchronized (lock) {
        sourceEnded = true;
        lock.notifyAll();
        waiting = subscription;
      }
      if (waiting != null) {
        waiting.schedule();
      } else {
        ended.complete(null);
      }
    }
  }

  /** The child has ended, so that what its pipe holds is the last that it wrote. */
  void childEnded() {
    synchronized (lock) {
      limitBytes = LIMIT_BYTES_AFTER_EXIT;
      if (paused && heldBytes() < limitBytes) {
        paused = false;
        source.resume();
      }
    }
  }

  /** The lock is held. */
  private int heldBytes() {
    return bufferedBytes + chunks.size() * CHUNK_BYTES;
  }

  /** The lock is held. Takes a chunk, or as much of it as is wanted, and lets more come. */
  private @Nullable ByteBuffer poll(int most) {
    ByteBuffer first = chunks.peekFirst();
    if (first == null) {
      return null;
    }
    int count = Math.min(most, first.remaining());
    ByteBuffer taken = first.slice(first.position(), count);
    first.position(first.position() + count);
    if (!first.hasRemaining()) {
      chunks.removeFirst();
    }
    bufferedBytes -= count;
    if (paused && heldBytes() <= LIMIT_BYTES / 2) {
      paused = false;
      source.resume();
    }
    return taken;
  }

  private void use(Use wanted) {
    if (use != Use.NONE && !(use == Use.STREAM && wanted == Use.STREAM)) {
      throw new IllegalStateException(
          name + " is already read in another way; a child's output can be taken only once");
    }
    use = wanted;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  /**
   * Waits until there is something to read.
   *
   * @throws InterruptedIOException if the thread is interrupted
   * @throws IllegalStateException if the output has a subscriber or a listener
   */
  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    synchronized (lock) {
      use(Use.STREAM);
      while (chunks.isEmpty() && !sourceEnded && !closed && length > 0) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted while reading the child's " + name);
        }
      }
      if (closed) {
        throw new IOException("the child's " + name + " was closed");
      }
      ByteBuffer taken = length == 0 ? ByteBuffer.allocate(0) : poll(length);
      if (taken == null) {
        return -1;
      }
      int count = taken.remaining();
      taken.get(bytes, offset, count);
      return count;
    }
  }

  @Override
  public int available() {
    synchronized (lock) {
      return bufferedBytes;
    }
  }

  /** Drops what was not read; the child's next write fails, as to a closed pipe. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      chunks.clear();
      bufferedBytes = 0;
      lock.notifyAll();
    }
    source.close();
  }

  /**
   * The output as a publisher for one subscriber, called on a thread of this output's callbacks. A
   * cancel closes the output.
   *
   * @throws IllegalStateException when subscribing, if the output is already read in another way
   */
  public Flow.Publisher<ByteBuffer> publisher() {
    return subscriber -> {
      Objects.requireNonNull(subscriber, "subscriber");
      Subscription made = new Subscription(subscriber);
      synchronized (lock) {
        use(Use.PUBLISHER);
        subscription = made;
      }
      try {
        subscriber.onSubscribe(made);
      } catch (RuntimeException | Error thrown) {
        // Nobody is there who could ask for more, and the child would wait for ever.
        made.cancel();
        throw thrown;
      }
      made.start();
    };
  }

  /**
   * Calls back with each line, without its end ({@code \n} or {@code \r\n}), read as UTF-8; a line
   * of more than 64 KiB comes in parts. The calls come one at a time, on a thread of this output's
   * callbacks; a slow one makes the child wait.
   *
   * @throws IllegalStateException if the output is already read in another way
   */
  public void onLine(Consumer<String> listener) {
    publisher().subscribe(new LineSplitter(Objects.requireNonNull(listener, "listener")));
  }

  /** Delivers chunks as they are asked for; {@link #drain} runs on one thread at a time. */
  private final class Subscription implements Flow.Subscription {

    private final Flow.Subscriber<? super ByteBuffer> subscriber;
    private final CompletableFuture<@Nullable Void> told = new CompletableFuture<>();
    private long demand;
    private boolean done;

    /** At first by {@link #start}, so that the subscriber hears nothing before it is asked. */
    private boolean scheduled = true;

    private boolean again;
    private @Nullable IllegalArgumentException misuse;

    Subscription(Flow.Subscriber<? super ByteBuffer> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public void request(long count) {
      synchronized (lock) {
        if (count <= 0) {
          misuse = new IllegalArgumentException("request must be more than 0, but is " + count);
        } else {
          demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
        }
      }
      schedule();
    }

    @Override
    public void cancel() {
      synchronized (lock) {
        done = true;
      }
      close();
      callbacks.execute(this::tellEnd);
    }

    private void tellEnd() {
      told.complete(null);
      ended.complete(null);
    }

    /** The subscriber knows its subscription. */
    void start() {
      callbacks.execute(this::drain);
    }

    void schedule() {
      synchronized (lock) {
        again = true;
        if (scheduled) {
          return;
        }
        scheduled = true;
      }
      callbacks.execute(this::drain);
    }

    private void drain() {
      while (deliver()) {
        // As long as something is asked for and there.
      }
    }

    /** Delivers one signal; false when there is none to deliver now. */
    private boolean deliver() {
      ByteBuffer chunk;
      IllegalArgumentException wrong;
      synchronized (lock) {
        wrong = misuse;
        chunk = demand > 0 && !done && wrong == null ? poll(Integer.MAX_VALUE) : null;
        boolean last = wrong != null || (chunks.isEmpty() && sourceEnded);
        if (done || (chunk == null && !last)) {
          scheduled = again;
          again = false;
          return scheduled;
        }
        if (chunk == null) {
          done = true;
        } else if (demand != Long.MAX_VALUE) {
          demand--;
        }
      }
      signal(chunk, wrong);
      return true;
    }

    private void signal(@Nullable ByteBuffer chunk, @Nullable IllegalArgumentException wrong) {
      try {
        if (chunk != null) {
          subscriber.onNext(chunk);
        } else if (wrong != null) {
          subscriber.onError(wrong);
          close();
        } else {
          subscriber.onComplete();
        }
      } catch (RuntimeException | Error thrown) {
        Callbacks.report(thrown);
        if (chunk != null) {
          cancel();
        }
      }
      if (chunk == null) {
        tellEnd();
      }
    }
  }
}
