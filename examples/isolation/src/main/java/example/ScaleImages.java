package example;

import dev.forkyard.pool.JobFailedException;
import dev.forkyard.pool.JobFuture;
import dev.forkyard.pool.ProcessPool;
import dev.forkyard.pool.WorkerLostException;
import java.awt.Graphics2D;
import java.awt.GradientPaint;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import javax.imageio.ImageIO;

/** Images made small on all cores, among them one of 30,000 by 30,000 pixels in a small file. */
public final class ScaleImages {

  private static final int COUNT = 40;

  public static void main(String[] args) throws IOException {
    try (ProcessPool pool =
        ProcessPool.builder()
            .workerHeapBytes(256 << 20)
            .jvmOptions(List.of("-Djava.awt.headless=true"))
            .build()) {
      List<JobFuture<byte[]>> jobs = new ArrayList<>();
      for (int i = 0; i < COUNT; i++) {
        jobs.add(pool.submit(Scale.class, photograph(600 + 10 * i, 400)));
      }
      JobFuture<byte[]> bomb = pool.submit(Scale.class, bomb());
      for (JobFuture<byte[]> job : jobs) {
        BufferedImage small = ImageIO.read(new ByteArrayInputStream(job.join()));
        if (small.getWidth() != 64) {
          throw new IllegalStateException("a thumbnail is " + small.getWidth() + " pixels wide");
        }
      }
      System.out.println(jobs.size() + " images scaled");
      System.out.println("the bomb: " + end(bomb));
    }
  }

  private static String end(JobFuture<?> job) {
    try {
      job.join();
      return "scaled";
    } catch (CompletionException e) {
      boolean memory =
          e.getCause() instanceof WorkerLostException lost && lost.outOfMemory()
              || e.getCause() instanceof JobFailedException failed && failed.outOfMemory();
      return memory ? "out of memory" : String.valueOf(e.getCause());
    }
  }

  private static byte[] photograph(int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setPaint(new GradientPaint(0, 0, Color.BLUE, width, height, Color.ORANGE));
    graphics.fillRect(0, 0, width, height);
    graphics.dispose();
    return encoded(image);
  }

  /** One bit a pixel, all of them black: 110 KiB that are 900 MB when they are drawn in colour. */
  private static byte[] bomb() throws IOException {
    return encoded(new BufferedImage(30_000, 30_000, BufferedImage.TYPE_BYTE_BINARY));
  }

  private static byte[] encoded(BufferedImage image) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }
}
