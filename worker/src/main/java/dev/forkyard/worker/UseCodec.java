package dev.forkyard.worker;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the codecs of a handler's types where the built-in ones do not serve. Subclasses of the
 * handler inherit it.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface UseCodec {

  /** The input's codec, with a public no-argument constructor; by default found from the type. */
  @SuppressWarnings("rawtypes")
  Class<? extends Codec> input() default Codec.class;

  /** The result's codec, with a public no-argument constructor; by default found from the type. */
  @SuppressWarnings("rawtypes")
  Class<? extends Codec> output() default Codec.class;
}
