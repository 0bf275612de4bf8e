package dev.forkyard.benchmarks.real;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Data that every machine with a JDK has: its classes in one file, and the list of them. */
final class RealData implements AutoCloseable {

  private static final int MEAN_FILE_BYTES = 8 << 10;
  private static final int SEED = 1;

  private final Path directory;
  private final byte[] classes;
  private final byte[] text;

  RealData() throws IOException {
    Path library = Path.of(System.getProperty("java.home"), "lib");
    this.classes = Files.readAllBytes(library.resolve("modules"));
    this.text = Files.readAllBytes(library.resolve("classlist"));
    this.directory = Files.createTempDirectory("real-work");
    Runtime.getRuntime().addShutdownHook(new Thread(this::deleteQuietly));
  }

  /** So many files of a few KiB each, cut from the classes. */
  List<String> files(int count) throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = random.nextInt(1, 2 * MEAN_FILE_BYTES);
      int start = random.nextInt(classes.length - length);
      Path file = directory.resolve("file-" + i);
      try (OutputStream out = Files.newOutputStream(file)) {
        out.write(classes, start, length);
      }
      paths.add(file.toString());
    }
    return paths;
  }

  /** The list of classes, again and again, in chunks. */
  List<String> textChunks(int count) throws IOException {
    Path file = directory.resolve("text");
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long left = (long) count * Chunk.BYTES; left > 0; left -= text.length) {
        out.write(text, 0, (int) Math.min(left, text.length));
      }
    }
    return chunks(file, count);
  }

  /** The classes in chunks. */
  List<String> classChunks(int count) throws IOException {
    Path file = directory.resolve("classes");
    int most = classes.length / Chunk.BYTES;
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(classes, 0, Math.min(count, most) * Chunk.BYTES);
    }
    return chunks(file, Math.min(count, most));
  }

  private static List<String> chunks(Path file, int count) {
    return LongStream.range(0, count)
        .mapToObj(index -> new Chunk(index, file.toString()).toString())
        .toList();
  }

  /** A file with these lines. */
  Path list(List<String> lines) throws IOException {
    return Files.write(directory.resolve("list"), lines);
  }

  private void deleteQuietly() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("could not delete " + directory + ": " + e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
