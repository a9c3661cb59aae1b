// For typedoc: docstrings here name the fields of a destructured parameter as if they were parameters. Its pages call the
// parameter `options`, and each of those names one of its fields.
import { Converter, ReflectionKind } from 'typedoc'

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const { parameters = [], comment } of project.getReflectionsByKind(ReflectionKind.SomeSignature)) {
      const options = parameters.find(({ name }) => name === '__namedParameters')
      if (!options) continue
      const record = options.type?.declaration ?? options.type?.reflection
      const tags = (comment?.blockTags ?? []).filter(({ tag }) => tag === '@param')
      // A name that is no field's is the parameter's own.
      const own = tags.find(
        ({ name }) => !record?.getChildByName([name]) && parameters.every((other) => other.name !== name),
      )
      options.name = own?.name ?? 'options'
      for (const tag of tags) if (record?.getChildByName([tag.name])) tag.name = `${options.name}.${tag.name}`
    }
  })
}
