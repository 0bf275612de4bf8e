package example;

public final class Support {
  public static void main(String[] args) {
    System.out.println("Child process " + args[0] + " executed.");
  }
}
