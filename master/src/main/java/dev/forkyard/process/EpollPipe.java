package dev.forkyard.process;

import dev.forkyard.transport.TransportKind;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A pipe that is read when epoll says that there is something: one thread reads for all children.
 *
 * <p>The JDK gives a child no descriptor but its own pipes', which can't be waited for without a
 * thread each, so the child's end is opened by its name below {@code /proc/self/fd}. The events are
 * edge-triggered: each is read out until nothing is left or the sink has enough, and what is left
 * then is read when it resumes, without an event. A sink that throws ends its own pipe, and not the
 * thread that reads the others'.
 */
final class EpollPipe implements OutputSource, EpollIoHandle {

  private static final int BUFFER_BYTES = 64 << 10;
  private static final int MAX_READS = 16;
  private static final File DESCRIPTORS = new File("/proc/self/fd");

  /** Made at the first child, and again should it end; its one thread stays, and is a daemon. */
  private static @Nullable IoEventLoop shared;

  /** Used on the loop alone. */
  private static final ByteBuffer BUFFER = ByteBuffer.allocateDirect(BUFFER_BYTES);

  private final IoEventLoop loop;
  private final FileDescriptor reading;
  private final FileDescriptor writing;
  private @Nullable OutputSink sink;
  private @Nullable IoRegistration registration;
  private boolean paused;
  private boolean ended;

  private EpollPipe(IoEventLoop loop, FileDescriptor reading, FileDescriptor writing) {
    this.loop = loop;
    this.reading = reading;
    this.writing = writing;
  }

  static boolean available() {
    return TransportKind.best() == TransportKind.EPOLL_UNIX && DESCRIPTORS.isDirectory();
  }

  static EpollPipe open() throws IOException {
    IoEventLoop loop = loop();
    FileDescriptor[] ends = FileDescriptor.pipe();
    return new EpollPipe(loop, ends[0], ends[1]);
  }

  /** The one of all children. */
  static synchronized IoEventLoop loop() throws IOException {
    IoEventLoop known = shared;
    if (known == null || known.isShuttingDown()) {
      try {
        known =
            new MultiThreadIoEventLoopGroup(
                    1,
                    task -> {
                      Thread thread = new Thread(task, "forkyard-pipes");
                      thread.setDaemon(true);
                      return thread;
                    },
                    EpollIoHandler.newFactory())
                .next();
      } catch (RuntimeException e) {
        // Such as too many open files, which the next start may not meet.
        throw new IOException("no event loop for pipes: " + e.getMessage(), e);
      }
      shared = known;
    }
    return known;
  }

  @Override
  public Redirect redirect() {
    return Redirect.to(new File(DESCRIPTORS, Integer.toString(writing.intValue())));
  }

  @Override
  public void start(OutputSink reader, InputStream jdkPipe) {
    sink = reader;
    closeQuietly(writing);
    loop.register(this)
        .addListener(
            registered -> {
              if (registered.isSuccess()) {
                registered((IoRegistration) registered.getNow());
              } else {
                end();
              }
            });
  }

  private void registered(IoRegistration made) {
    if (ended) {
      made.cancel();
    } else {
      registration = made;
      made.submit(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET));
    }
  }

  @Override
  public FileDescriptor fd() {
    return reading;
  }

  @Override
  public void handle(IoRegistration ready, IoEvent event) {
    if (!paused) {
      readOut();
    }
  }

  @Override
  public void resume() {
    onLoop(
        () -> {
          paused = false;
          readOut();
        });
  }

  private void onLoop(Runnable action) {
    try {
      loop.execute(action);
    } catch (RejectedExecutionException loopHasEnded) {
      // Nobody reads any more, and nobody else is there now who could tell the sink.
      end();
    }
  }

  private void readOut() {
    OutputSink to = sink;
    ByteBuffer buffer = BUFFER;
    for (int reads = 0; to != null && !ended; reads++) {
      if (reads == MAX_READS) {
        // Others have their turn.
        loop.execute(this::readOut);
        return;
      }
      int count = read(buffer.clear());
      if (count < 0) {
        end();
      } else if (count == 0) {
        return;
      } else if (!accepts(to, buffer.limit(count))) {
        // What the child writes from now on is an event each time, and must not be read.
        paused = true;
        return;
      }
    }
  }

  private boolean accepts(OutputSink to, ByteBuffer bytes) {
    try {
      return to.accept(bytes);
    } catch (RuntimeException | Error thrown) {
      Callbacks.report(thrown);
      end();
      return false;
    }
  }

  private int read(ByteBuffer buffer) {
    try {
      return reading.read(buffer, 0, buffer.capacity());
    } catch (IOException broken) {
      return -1;
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      if (registration != null && !loop.isShutdown()) {
        registration.cancel();
      }
      closeQuietly(reading);
      if (sink != null) {
        sink.end();
      }
    }
  }

  @Override
  public void close() {
    closeQuietly(writing);
    onLoop(this::end);
  }

  private static void closeQuietly(FileDescriptor descriptor) {
    try {
      descriptor.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }
}
