package example;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import net.coobird.thumbnailator.Thumbnails;

/** An image made small; one that is a bomb costs a worker's heap, not the program's. */
public final class Scale implements JobHandler<byte[], byte[]> {

  private static final int PIXELS = 64;

  @Override
  public byte[] handle(byte[] image, JobContext context) throws IOException {
    ByteArrayOutputStream small = new ByteArrayOutputStream();
    Thumbnails.of(new ByteArrayInputStream(image))
        .size(PIXELS, PIXELS)
        .outputFormat("png")
        .toOutputStream(small);
    return small.toByteArray();
  }
}
