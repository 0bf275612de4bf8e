package dev.forkyard.benchmarks.peers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A peer that may or may not be on this machine.
 *
 * @param needs what must be there
 */
record Candidate(String name, List<String> command, List<Path> needs) {

  /** All that are known, whose programs lie in that folder. */
  static List<Candidate> all(Path folder, int workers) {
    String count = Integer.toString(workers);
    Path modules = folder.resolve("node_modules");
    Path node = folder.resolve("node-pools.js");
    Path python = folder.resolve("python_pools.py");
    Path java = folder.resolve("java/target");
    String classPath = java.resolve("classes") + ":" + java.resolve("lib/*");
    String jvm = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<Candidate> all = new ArrayList<>();
    all.add(of("Node child_process.fork", node, List.of("node", node.toString(), "fork", count)));
    for (String module : List.of("piscina", "workerpool")) {
      all.add(
          of(
              "Node " + module,
              modules.resolve(module),
              List.of("node", node.toString(), module, count)));
    }
    all.add(python("Python ProcessPoolExecutor", python, "submit", count));
    all.add(python("  the same, map, chunks of 100", python, "map", count));
    all.add(python("Python multiprocessing.Pool", python, "pool1", count));
    all.add(python("  the same, chunks of 100", python, "pool100", count));
    for (String main : List.of("Pp4j", "Grpc")) {
      all.add(
          of(
              main.equals("Grpc") ? "gRPC-Java streaming" : "PP4J",
              java.resolve("classes/peers/" + main + ".class"),
              List.of(jvm, "-cp", classPath, "peers." + main, count)));
    }
    return all;
  }

  private static Candidate python(String name, Path program, String kind, String workers) {
    return of(name, program, List.of("python3", program.toString(), kind, workers));
  }

  private static Candidate of(String name, Path needed, List<String> command) {
    return new Candidate(name, command, List.of(Path.of(command.get(0)), needed));
  }

  boolean isHere() {
    return needs.stream().allMatch(Candidate::isHere);
  }

  private static boolean isHere(Path file) {
    if (file.isAbsolute()) {
      return Files.exists(file);
    }
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(place -> Files.isExecutable(Path.of(place).resolve(file)));
  }
}
