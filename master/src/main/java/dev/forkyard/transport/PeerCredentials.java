package dev.forkyard.transport;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/** Asks a Unix-domain socket for the user at its other end. */
final class PeerCredentials {

  private PeerCredentials() {}

  /**
   * Whether the other end is the user who owns the file.
   *
   * @return true also where the socket or the system does not tell: then the private directory and
   *     the token are all that keeps others out
   */
  static boolean sameUser(Channel channel, Path file) {
    try {
      if (channel instanceof EpollDomainSocketChannel socket) {
        return socket.peerCredentials().uid() == (int) Files.getAttribute(file, "unix:uid");
      } else if (channel instanceof NioDomainSocketChannel socket) {
        UnixDomainPrincipal peer =
            socket.config().getOption(NioChannelOption.of(ExtendedSocketOptions.SO_PEERCRED));
        return peer == null || peer.user().equals(Files.getOwner(file));
      }
      return true;
    } catch (IOException | UnsupportedOperationException notKnown) {
      return true;
    }
  }
}
