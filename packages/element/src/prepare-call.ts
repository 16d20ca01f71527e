import { type Call, findNonNumber, findUnclearSubject, inAttributes, type Settings, toCall } from './settings.ts';

/**
 * The library's call for these settings, once it is clear that they make sense for any model.
 * @param element what is known of the element the settings come from; `attribute` gives an attribute's text.
 * @throws WebDiTError `bad-argument`, `unknown-policy`, in the attributes' names.
 */
export async function prepareCall(
  settings: Settings,
  element: { readonly isConnected: boolean; readonly attribute: (name: string) => string | null },
): Promise<Call> {
  const { checkArguments, WebDiTError } = await import('webdit');
  if (!element.isConnected) {
    throw new WebDiTError('bad-argument', 'This element is in no document.', 'Append it before it is to paint.');
  }
  const problem = findNonNumber(settings, element.attribute) ?? findUnclearSubject(settings);
  if (problem) throw new WebDiTError('bad-argument', ...problem);
  const call = toCall(settings);
  try {
    checkArguments(call.input, call.options);
  } catch (error) {
    if (!(error instanceof WebDiTError)) throw error;
    throw new WebDiTError(error.code, inAttributes(error.message), error.remedy, { cause: error });
  }
  return call;
}
