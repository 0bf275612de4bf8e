package example;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.ForkedProcess;
import dev.forkyard.worker.ParentProcess;

public final class Greeting {

  public record Point(int x, int y) {}

  public static final class Child {
    public static void main(String[] args) {
      ParentProcess parent = ParentProcess.get();
      parent.onMessage(String.class, text -> parent.send("you said: " + text));
      parent.onMessage(Point.class, point -> parent.send(new Point(point.y(), point.x())));
    }
  }

  public static void main(String[] args) {
    ForkedProcess child = ChildProcess.fork(Child.class);
    child.onMessage(String.class, text -> System.out.println("the child answered: " + text));
    child.onMessage(
        Point.class,
        point -> {
          System.out.println("the child answered: " + point);
          child.disconnect(); // the child has nothing left to listen to, and ends
        });
    child.send("hello child process");
    child.send(new Point(1, 2));
    System.out.println("the child " + child.onExit().join());
  }
}
