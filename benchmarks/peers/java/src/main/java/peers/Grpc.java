package peers;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.logging.LogManager;

/** gRPC-Java: one stream both ways for each worker JVM, over a Unix-domain socket. */
final class Grpc implements Peer {

  private static final int MAX_BYTES = 64 << 20;

  private static final MethodDescriptor<byte[], byte[]> ECHO =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
          .setFullMethodName("Worker/Echo")
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private final List<StreamObserver<byte[]>> streams = new ArrayList<>();
  private final Semaphore room = new Semaphore(0);

  /** {@code worker SOCKET}, or the number of workers. */
  public static void main(String[] args) throws Exception {
    // It warns of options that a Unix-domain socket does not have.
    LogManager.getLogManager().reset();
    if (args[0].equals("worker")) {
      work(args[1]);
      return;
    }
    int workers = Integer.parseInt(args[0]);
    Path directory = Files.createTempDirectory("grpc");
    List<Process> processes = new ArrayList<>();
    Grpc peer = new Grpc();
    EventLoopGroup group = new EpollEventLoopGroup(1);
    for (int i = 0; i < workers; i++) {
      File socket = directory.resolve("s" + i).toFile();
      processes.add(start(socket));
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(new DomainSocketAddress(socket))
              .channelType(EpollDomainSocketChannel.class)
              .eventLoopGroup(group)
              .maxInboundMessageSize(MAX_BYTES)
              .directExecutor()
              .usePlaintext()
              .build();
      peer.streams.add(
          ClientCalls.asyncBidiStreamingCall(
              channel.newCall(ECHO, CallOptions.DEFAULT.withWaitForReady()), peer.answers()));
    }
    Peer.serve(peer);
    for (Process process : processes) {
      process.destroy();
      process.waitFor();
    }
    for (File socket : directory.toFile().listFiles()) {
      socket.delete();
    }
    Files.delete(directory);
    System.exit(0);
  }

  private static Process start(File socket) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Grpc.class.getName(),
            "worker",
            socket.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static void work(String socket) throws Exception {
    EventLoopGroup group = new EpollEventLoopGroup(1);
    NettyServerBuilder.forAddress(new DomainSocketAddress(socket))
        .channelType(EpollServerDomainSocketChannel.class)
        .bossEventLoopGroup(group)
        .workerEventLoopGroup(group)
        .maxInboundMessageSize(MAX_BYTES)
        .directExecutor()
        .addService(
            ServerServiceDefinition.builder("Worker")
                .addMethod(ECHO, ServerCalls.asyncBidiStreamingCall(Grpc::echo))
                .build())
        .build()
        .start();
    // Its standard input ends with the master.
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  private static StreamObserver<byte[]> echo(StreamObserver<byte[]> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(byte[] payload) {
        answers.onNext(payload);
      }

      @Override
      public void onError(Throwable gone) {}

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  private StreamObserver<byte[]> answers() {
    return new StreamObserver<>() {
      @Override
      public void onNext(byte[] payload) {
        room.release();
      }

      @Override
      public void onError(Throwable gone) {}

      @Override
      public void onCompleted() {}
    };
  }

  @Override
  public long run(byte[] payload, int inFlight, long deadline) throws Exception {
    room.release(inFlight);
    long jobs = 0;
    int step = Math.max(1, inFlight / 8);
    while (System.nanoTime() - deadline < 0) {
      room.acquire(step);
      for (int i = 0; i < step; i++) {
        streams.get((int) (jobs++ % streams.size())).onNext(payload);
      }
    }
    room.acquire(inFlight);
    return jobs;
  }

  @Override
  public void call(byte[] payload) throws Exception {
    streams.get(0).onNext(payload);
    room.acquire();
  }
}
