package dev.forkyard.protocol;

import com.google.protobuf.ByteString;
import dev.forkyard.protocol.proto.ForkyardProto;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Says what each frame is as the message that protoc made of {@code forkyard.proto}. */
final class Counterpart {

  private Counterpart() {}

  static ForkyardProto.Frame of(Frame frame) {
    ForkyardProto.Frame.Builder message = ForkyardProto.Frame.newBuilder();
    if (frame instanceof Frame.Hello hello) {
      message.setHello(hello(hello));
    } else if (frame instanceof Frame.Welcome welcome) {
      message
          .getWelcomeBuilder()
          .setVersion(welcome.version())
          .setMaxFrameBytes(welcome.maxFrameBytes())
          .setSpinNanos(welcome.spinNanos());
    } else if (frame instanceof Frame.Run run) {
      message.setRun(run(run));
    } else if (frame instanceof Frame.Result result) {
      message.setReply(reply(result));
    } else if (frame instanceof Frame.Failure failure) {
      message.setReply(reply(failure));
    } else if (frame instanceof Frame.Cancel cancel) {
      message.getCancelBuilder().setJobId(cancel.jobId());
    } else if (frame instanceof Frame.Recall recall) {
      message.getRecallBuilder().addAllJobIds(list(recall.jobIds()));
    } else if (frame instanceof Frame.Returned returned) {
      message.getReturnedBuilder().addAllJobIds(list(returned.jobIds()));
    } else if (frame instanceof Frame.Dump dump) {
      message.getDumpBuilder().setJobId(dump.jobId()).setText(dump.text());
    } else if (frame instanceof Frame.Drain) {
      message.getDrainBuilder();
    } else if (frame instanceof Frame.Goodbye goodbye) {
      message.getGoodbyeBuilder().setReason(goodbye.reason());
    } else if (frame instanceof Frame.Message data) {
      message
          .getMessageBuilder()
          .setJobId(data.jobId())
          .setType(data.type())
          .setPayload(ByteString.copyFrom(data.payload()))
          .setSequence(data.sequence());
    } else if (frame instanceof Frame.Taken taken) {
      message.getTakenBuilder().setSequence(taken.sequence());
    } else if (frame instanceof Frame.Stop stop) {
      message.getStopBuilder().setJobId(stop.jobId());
    } else if (frame instanceof Frame.Open open) {
      message.getOpenBuilder().setJobId(open.jobId());
    } else if (frame instanceof Frame.Credit credit) {
      message
          .getCreditBuilder()
          .setJobId(credit.jobId())
          .setMessages(credit.messages())
          .setBytes(credit.bytes());
    }
    return message.build();
  }

  private static ForkyardProto.Hello hello(Frame.Hello hello) {
    return ForkyardProto.Hello.newBuilder()
        .setVersion(hello.version())
        .setToken(ByteString.copyFrom(hello.token()))
        .setWorkerId(hello.workerId())
        .setPid(hello.pid())
        .setJava(hello.java())
        .setMaxFrameBytes(hello.maxFrameBytes())
        .setNanoTime(hello.nanoTime())
        .build();
  }

  private static ForkyardProto.Run run(Frame.Run run) {
    ForkyardProto.Run.Builder message =
        ForkyardProto.Run.newBuilder()
            .setJobId(run.jobId())
            .setHandlerId(run.handlerId())
            .setAttempt(run.attempt())
            .setDeadlineNanosLeft(run.deadlineNanosLeft())
            .setEncoding(ForkyardProto.Run.Encoding.valueOf(run.encoding().name()))
            .addAllHeaders(run.headers());
    String handlerName = run.handlerName();
    if (handlerName != null) {
      message.setHandlerName(handlerName);
    }
    byte @Nullable [] payload = run.payload();
    if (payload != null) {
      message.setPayload(ByteString.copyFrom(payload));
    }
    return message.build();
  }

  private static ForkyardProto.Reply reply(Frame.Result result) {
    ForkyardProto.Reply.Builder message =
        ForkyardProto.Reply.newBuilder().setJobId(result.jobId()).setRunNanos(result.runNanos());
    byte @Nullable [] value = result.value();
    if (value != null) {
      message.setResult(ByteString.copyFrom(value));
    }
    return message.build();
  }

  private static ForkyardProto.Reply reply(Frame.Failure failure) {
    ForkyardProto.Failure.Builder nested =
        ForkyardProto.Failure.newBuilder()
            .setKind(ForkyardProto.Failure.Kind.valueOf(failure.kind().name()))
            .setClassName(failure.className())
            .setStack(failure.stack())
            .setFatal(failure.fatal());
    String message = failure.message();
    if (message != null) {
      nested.setMessage(message);
    }
    return ForkyardProto.Reply.newBuilder()
        .setJobId(failure.jobId())
        .setRunNanos(failure.runNanos())
        .setFailure(nested)
        .build();
  }

  private static Iterable<Long> list(long[] ids) {
    return () -> LongStream.of(ids).iterator();
  }
}
