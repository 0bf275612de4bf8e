package dev.forkyard.worker;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a handler binds the type variables of one of its superclasses or interfaces to. */
final class TypeBindings {

  static final TypeBindings NONE = new TypeBindings(Map.of());

  private final Map<Type, Type> bound;

  private TypeBindings(Map<Type, Type> bound) {
    this.bound = bound;
  }

  /** The bindings of a type that is named where these bindings hold. */
  TypeBindings of(ParameterizedType type) {
    TypeVariable<?>[] variables = ((Class<?>) type.getRawType()).getTypeParameters();
    Type[] arguments = type.getActualTypeArguments();
    Map<Type, Type> inner = new HashMap<>();
    for (int i = 0; i < variables.length; i++) {
      inner.put(variables[i], apply(arguments[i]));
    }
    return new TypeBindings(inner);
  }

  /** The type with every bound variable in it replaced, however deep it stands. */
  Type apply(Type type) {
    if (type instanceof ParameterizedType parameterized) {
      return new Parameterized(
          parameterized.getRawType(),
          parameterized.getOwnerType(),
          applyAll(parameterized.getActualTypeArguments()));
    } else if (type instanceof GenericArrayType array) {
      Type component = apply(array.getGenericComponentType());
      return component instanceof Class<?> raw ? raw.arrayType() : new ArrayOf(component);
    } else if (type instanceof WildcardType wildcard && isOpen(wildcard)) {
      // What a codec reads for it is its bound.
      return apply(wildcard.getUpperBounds()[0]);
    }
    return bound.getOrDefault(type, type);
  }

  private Type[] applyAll(Type[] types) {
    return Arrays.stream(types).map(this::apply).toArray(Type[]::new);
  }

  /** Whether a type variable stands anywhere in the type. */
  static boolean isOpen(Type type) {
    if (type instanceof ParameterizedType parameterized) {
      return isAnyOpen(parameterized.getActualTypeArguments());
    } else if (type instanceof GenericArrayType array) {
      return isOpen(array.getGenericComponentType());
    } else if (type instanceof WildcardType wildcard) {
      return isAnyOpen(wildcard.getUpperBounds());
    }
    return type instanceof TypeVariable<?>;
  }

  private static boolean isAnyOpen(Type[] types) {
    return Arrays.stream(types).anyMatch(TypeBindings::isOpen);
  }

  private record Parameterized(
      Type getRawType, @Nullable Type getOwnerType, Type[] getActualTypeArguments)
      implements ParameterizedType {

    @Override
    public String getTypeName() {
      return Arrays.stream(getActualTypeArguments)
          .map(Type::getTypeName)
          .collect(Collectors.joining(", ", getRawType.getTypeName() + "<", ">"));
    }
  }

  private record ArrayOf(Type getGenericComponentType) implements GenericArrayType {

    @Override
    public String getTypeName() {
      return getGenericComponentType.getTypeName() + "[]";
    }
  }
}
