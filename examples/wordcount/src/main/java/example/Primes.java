package example;

import dev.forkyard.worker.Codec;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import dev.forkyard.worker.UseCodec;
import java.util.BitSet;

@UseCodec(output = Primes.BitSetCodec.class)
public final class Primes implements JobHandler<Integer, BitSet> {

  @Override
  public BitSet handle(Integer limit, JobContext context) {
    BitSet primes = new BitSet(limit);
    primes.set(2, limit);
    for (int i = 2; (long) i * i < limit; i = primes.nextSetBit(i + 1)) {
      for (int multiple = i * i; multiple < limit; multiple += i) {
        primes.clear(multiple);
      }
    }
    return primes;
  }

  public static final class BitSetCodec implements Codec<BitSet> {

    @Override
    public byte[] encode(BitSet value) {
      return value.toByteArray();
    }

    @Override
    public BitSet decode(byte[] bytes) {
      return BitSet.valueOf(bytes);
    }
  }
}
