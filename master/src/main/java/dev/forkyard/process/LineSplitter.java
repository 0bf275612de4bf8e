package dev.forkyard.process;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Cuts bytes into lines, which end with a line feed or with a carriage return and one. */
final class LineSplitter implements Flow.Subscriber<ByteBuffer> {

  private static final int MAX_LINE_BYTES = 64 << 10;

  private final Consumer<String> listener;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(128);

  /** Whether a part of this line was told already. */
  private boolean cut;

  LineSplitter(Consumer<String> listener) {
    this.listener = listener;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      if (next == '\n') {
        emit();
      } else {
        if (line.size() == MAX_LINE_BYTES) {
          emitPart();
        }
        line.write(next);
      }
    }
  }

  /** What is left of a character that the cut goes through begins the next part. */
  private void emitPart() {
    ByteBuffer part = ByteBuffer.wrap(line.toByteArray());
    String text = Text.decodeWhole(StandardCharsets.UTF_8, part);
    line.reset();
    line.write(part.array(), part.position(), part.remaining());
    cut = true;
    tell(text);
  }

  private void emit() {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    String whole = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    if (!whole.isEmpty() || !cut) {
      tell(whole);
    }
    cut = false;
  }

  private void tell(String text) {
    try {
      listener.accept(text);
    } catch (RuntimeException | Error thrown) {
      Callbacks.report(thrown);
    }
  }

  @Override
  public void onError(Throwable never) {
    onComplete();
  }

  @Override
  public void onComplete() {
    if (line.size() > 0) {
      tell(line.toString(StandardCharsets.UTF_8));
    }
  }
}
