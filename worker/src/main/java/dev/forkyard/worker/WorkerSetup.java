package dev.forkyard.worker;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a pool gives each of its workers when it starts: encoded once, and sent behind the address
 * on the worker's standard input. For the pool's own use.
 *
 * @param settings by their names
 * @param factories how handlers are made, by their classes' names, as {@link CallableCodec} writes
 *     a callable
 * @param warmUps what is done before the worker says that it is ready, in this order
 * @param slots how many jobs it runs at a time
 */
public record WorkerSetup(
    Map<String, String> settings, Map<String, byte[]> factories, List<WarmUp> warmUps, int slots) {

  /** Nothing at all, which takes no bytes. */
  public static final WorkerSetup NONE = new WorkerSetup(Map.of(), Map.of(), List.of(), 1);

  private static final int NULL = -1;

  /**
   * A handler that is made and started before the first job.
   *
   * @param run whether it also handles an input
   * @param input encoded; null where there is none, or where that is the input
   */
  public record WarmUp(String className, boolean run, byte @Nullable [] input) {}

  /** No more than 2 GiB. */
  public byte[] encode() {
    if (equals(NONE)) {
      return new byte[0];
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(settings.size());
      for (Map.Entry<String, String> each : settings.entrySet()) {
        write(out, each.getKey());
        write(out, each.getValue());
      }
      out.writeInt(factories.size());
      for (Map.Entry<String, byte[]> each : factories.entrySet()) {
        write(out, each.getKey());
        write(out, each.getValue());
      }
      out.writeInt(warmUps.size());
      for (WarmUp each : warmUps) {
        write(out, each.className);
        out.writeBoolean(each.run);
        write(out, each.input);
      }
      out.writeInt(slots);
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, String text) throws IOException {
    write(out, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void write(DataOutputStream out, byte @Nullable [] value) throws IOException {
    if (value == null) {
      out.writeInt(NULL);
    } else {
      out.writeInt(value.length);
      out.write(value);
    }
  }

  /** Reads what {@link #encode} wrote, to the end of the buffer. */
  static WorkerSetup decode(ByteBuffer in) {
    if (!in.hasRemaining()) {
      return NONE;
    }
    Map<String, String> settings = new LinkedHashMap<>();
    for (int left = in.getInt(); left > 0; left--) {
      settings.put(text(in), text(in));
    }
    Map<String, byte[]> factories = new LinkedHashMap<>();
    for (int left = in.getInt(); left > 0; left--) {
      String className = text(in);
      byte[] factory = bytes(in);
      factories.put(className, factory == null ? new byte[0] : factory);
    }
    List<WarmUp> warmUps = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      warmUps.add(new WarmUp(text(in), in.get() != 0, bytes(in)));
    }
    return new WorkerSetup(Map.copyOf(settings), factories, warmUps, in.getInt());
  }

  private static String text(ByteBuffer in) {
    byte[] text = bytes(in);
    return text == null ? "" : new String(text, StandardCharsets.UTF_8);
  }

  private static byte @Nullable [] bytes(ByteBuffer in) {
    int length = in.getInt();
    if (length == NULL) {
      return null;
    }
    byte[] value = new byte[length];
    in.get(value);
    return value;
  }
}
