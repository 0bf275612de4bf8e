package dev.forkyard.benchmarks.soak;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What is left of a master: processes that have its mark in their environment, which all that it
 * started inherit, whoever is their parent now; and files.
 */
final class Leftovers {

  private static final Path PROCESSES = Path.of("/proc");
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private final String mark;
  private final Path runtimeDirectory;

  Leftovers(String mark, Path runtimeDirectory) {
    this.mark = mark;
    this.runtimeDirectory = runtimeDirectory;
  }

  /** A line for each, empty if nothing is left. */
  List<String> find(long masterPid) throws IOException {
    List<String> found = new ArrayList<>();
    for (long pid : processes()) {
      found.add("process " + pid + ": " + commandLine(pid));
    }
    files(runtimeDirectory, "*", found);
    if (Files.isDirectory(SHARED_MEMORY)) {
      files(SHARED_MEMORY, "forkyard-" + masterPid + "-*", found);
    }
    return found;
  }

  private static void files(Path directory, String names, List<String> found) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, names)) {
      files.forEach(file -> found.add("file " + file));
    }
  }

  /** Processes that carry the mark and have not ended. */
  List<Long> processes() throws IOException {
    List<Long> pids = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      for (Path process : all) {
        if (hasMark(process)) {
          pids.add(Long.parseLong(process.getFileName().toString()));
        }
      }
    }
    return pids;
  }

  private boolean hasMark(Path process) {
    try {
      String environment =
          new String(Files.readAllBytes(process.resolve("environ")), StandardCharsets.ISO_8859_1);
      return List.of(environment.split("\0")).contains(mark);
    } catch (IOException endedOrNotOurs) {
      return false;
    }
  }

  private static String commandLine(long pid) {
    try {
      String line = Files.readString(PROCESSES.resolve(pid + "/cmdline"));
      return line.replace('\0', ' ').strip();
    } catch (IOException ended) {
      return "ended meanwhile";
    }
  }
}
