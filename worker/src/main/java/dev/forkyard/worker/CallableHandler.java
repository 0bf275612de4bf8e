package dev.forkyard.worker;

import org.jspecify.annotations.Nullable;

/** Runs a lambda that travelled by Java serialization. */
@UseCodec(input = CallableCodec.class, output = ValueCodec.class)
public final class CallableHandler
    implements JobHandler<SerializableCallable<Object>, @Nullable Object> {

  @Override
  public @Nullable Object handle(SerializableCallable<Object> task, JobContext context)
      throws Exception {
    return task.call();
  }
}
