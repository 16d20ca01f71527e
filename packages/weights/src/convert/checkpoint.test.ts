import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSafetensors, tensorToFloat32 } from '../safetensors/whole-file.ts';
import { PickleWriter, type WrittenTensor, writeCheckpoint, writeZip } from '../testing/checkpoint-writer.ts';
import { errorOf, scratchFolder } from '../testing/fixtures.ts';
import { checkpointSource } from './checkpoint-source.ts';

const values = Float32Array.from({ length: 24 }, (_, i) => i);
const plain: WrittenTensor = { storage: 'FloatStorage', key: '0', elements: 24, shape: [4, 6], strides: [6, 1] };

async function checkpointAt(bytes: Uint8Array): Promise<string> {
  const path = join(await scratchFolder(), 'model.pt');
  await writeFile(path, bytes);
  return path;
}

/** Opens a checkpoint of these tensors, by name. */
async function open(tensors: Readonly<Record<string, WrittenTensor>>) {
  const pickle = new PickleWriter();
  pickle.dict(Object.fromEntries(Object.entries(tensors).map(([name, it]) => [name, () => void pickle.tensor(it)])));
  const halves = Uint16Array.of(0x3c00, 0x4000);
  return checkpointSource(await checkpointAt(writeCheckpoint(pickle.end(), { 0: values, 1: halves, 2: values })));
}

async function read({ source }: Awaited<ReturnType<typeof open>>) {
  const file = await source.open('model.pt');
  const bytes = (await file?.bytes()) ?? new Uint8Array();
  expect(bytes.length).toBe(file?.size);
  return new Map([...parseSafetensors(bytes)].map(([name, it]) => [name, { ...it, data: [...tensorToFloat32(it)] }]));
}

describe('a checkpoint', () => {
  test('is read as it lies, whatever the order of its elements', async () => {
    const tensors = await read(
      await open({
        plain,
        half: { storage: 'BFloat16Storage', key: '1', elements: 2, shape: [2], strides: [1] },
        transposed: { ...plain, shape: [6, 4], strides: [1, 6] },
        column: { ...plain, offset: 2, shape: [4], strides: [6] },
        shared: { ...plain, offset: 6, shape: [2, 6] },
        repeated: { ...plain, offset: 5, shape: [3, 2], strides: [0, 1] },
        scalar: { ...plain, offset: 23, shape: [], strides: [] },
        empty: { ...plain, shape: [0, 6] },
      }),
    );
    const data = Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.data]));
    expect(data.plain).toEqual([...values]);
    expect(data.transposed).toEqual(Array.from({ length: 24 }, (_, i) => (i % 4) * 6 + Math.floor(i / 4)));
    expect(data.column).toEqual([2, 8, 14, 20]);
    expect(data.shared).toEqual([...values.subarray(6, 18)]);
    expect(data.repeated).toEqual([5, 6, 5, 6, 5, 6]);
    expect(data.scalar).toEqual([23]);
    expect(data.empty).toEqual([]);
    expect(tensors.get('half')).toMatchObject({ dtype: 'BF16', shape: [2] });
  });

  test('may be a zip64 file, as one beyond 4 GiB is', async () => {
    const bytes = writeCheckpoint(whole(), { 0: values }, { zip64: {} });
    const tensors = await read(await checkpointSource(await checkpointAt(bytes)));
    expect([...tensors.keys()]).toEqual(['w']);
    expect(tensors.get('w')).toMatchObject({ dtype: 'F32', shape: [4, 6], data: [...values] });
  });

  test('has its weights under a key, the averaged ones first', async () => {
    const pickle = new PickleWriter();
    const weights = (offset: number) => () => {
      pickle.dict({ w: () => void pickle.tensor({ ...plain, offset, shape: [6], strides: [1] }) });
    };
    pickle.dict({ model: weights(0), ema: weights(6), steps: () => void pickle.int(7) });
    const found = await checkpointSource(await checkpointAt(writeCheckpoint(pickle.end(), { 0: values })));
    expect(found.note).toBe('model.pt: the weights under "ema" are taken. model, steps beside it are left out.');
    expect((await read(found)).get('w')?.data).toEqual([6, 7, 8, 9, 10, 11]);
  });
});

/** A pickle of one tensor, in storage 0. */
function whole(): Uint8Array {
  const pickle = new PickleWriter();
  pickle.dict({ w: () => void pickle.tensor(plain) });
  return pickle.end();
}

describe('a checkpoint is refused', () => {
  const messageOf = async (bytes: Uint8Array) => {
    const path = await checkpointAt(bytes);
    const error = await errorOf(checkpointSource(path));
    expect(error.code).toBe('format');
    return error.message.replaceAll(path, 'x');
  };
  const pickled = (write: (pickle: PickleWriter) => void) => {
    const pickle = new PickleWriter();
    write(pickle);
    return messageOf(writeCheckpoint(pickle.end(), { 0: values }));
  };
  const tensor = (change: Partial<WrittenTensor>) =>
    pickled((pickle) => pickle.dict({ w: () => void pickle.tensor({ ...plain, ...change }) }));

  test('for a name that is not of a tensor', async () => {
    const message = 'x asks for os.system; of a checkpoint WebDiT reads tensors and nothing else.';
    expect(await pickled((pickle) => pickle.global('os', 'system').text('ls').raw(0x85, 0x52))).toBe(message);
    expect(await pickled((pickle) => pickle.text('os').text('system').raw(0x93))).toBe(message);
    expect(await pickled((pickle) => pickle.global('torch', 'load'))).toContain('asks for torch.load;');
    expect(await pickled((pickle) => pickle.global('argparse', 'Namespace'))).toContain('asks for argparse.Namespace;');
  });

  test('for an instruction that could run code', async () => {
    expect(await pickled((pickle) => pickle.raw(0x29, 0x29, 0x81))).toContain('has the pickle instruction 0x81');
  });

  test('for a tensor that is not one', async () => {
    expect(await tensor({ offset: 1 })).toBe('A tensor of x, [4,6] with strides [6,1], reaches beyond its storage.');
    expect(await tensor({ strides: [1] })).toContain('reaches beyond its storage');
    expect(await tensor({ shape: [-4, 6] })).toContain('makes a tensor in a way that PyTorch does not');
    expect(await tensor({ storage: 'DoubleStorage' })).toBe(
      'Tensor w of x is a torch.DoubleStorage; weights are float, half or bfloat16.',
    );
    expect(await tensor({ storage: 'HalfStorage' })).toBe(
      'archive/data/0 of x has 96 bytes; 24 elements of torch.HalfStorage are 48.',
    );
    expect(await tensor({ key: '9' })).toBe('x has no storage archive/data/9, which tensor w is in.');
  });

  test('for holding something else', async () => {
    expect(await pickled((pickle) => pickle.int(1))).toBe('x holds no dict of tensors.');
    expect(await pickled((pickle) => pickle.dict({ steps: () => void pickle.int(1) }))).toBe(
      'x holds no dict of tensors, by itself or under ema, model, state_dict; it has steps.',
    );
    expect(await pickled((pickle) => pickle.raw(0x80, 1))).toBe('x is a pickle of protocol 1, not 2 to 5.');
    expect(await pickled((pickle) => pickle.raw(0x68, 3))).toContain('The pickle of x is broken');
    expect(await pickled((pickle) => pickle.raw(0x58, 255, 255, 255, 255))).toBe('The pickle of x is cut short.');
  });

  test('for a zip file that is none, is cut, or is compressed', async () => {
    const zip = writeCheckpoint(whole(), { 0: values });
    expect(await messageOf(zip.slice(0, -30))).toMatch(/^x is no whole zip file: /);
    expect(await messageOf(new Uint8Array(100))).toMatch(/^x is no whole zip file: /);
    expect(await messageOf(new Uint8Array(0))).toMatch(/^x is no whole zip file: /);
    // The middle is missing: all names are there, and their places wrong.
    expect(await messageOf(Buffer.concat([zip.subarray(0, 300), zip.subarray(360)]))).toMatch(
      /^x is no whole zip file: /,
    );
    const entries = [
      ['archive/data.pkl', whole()] as const,
      ['archive/data/0', new Uint8Array(values.buffer)] as const,
    ];
    expect(await messageOf(writeZip(entries, { compressed: 'archive/data/0' }))).toBe(
      'archive/data/0 of x is compressed; PyTorch stores tensors as they are.',
    );
    expect(await messageOf(writeZip([entries[0], entries[0]] as never))).toBe('x holds archive/data.pkl twice.');
    expect(await messageOf(writeZip([['a/b', whole()]]))).toBe('x holds no data.pkl, so it is no checkpoint.');
    const legacy = Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20);
    expect(await messageOf(legacy)).toBe('x is a checkpoint of PyTorch before 1.6, which is no zip file.');
  });

  test.each([
    ['beyond its end', 2n ** 40n],
    ['where no entry lies', 5n],
    ['beyond what a number holds', 2n ** 63n],
  ])('for a zip64 file whose entries are said to lie %s', async (_, offset) => {
    const message = await messageOf(writeCheckpoint(whole(), { 0: values }, { zip64: { offset } }));
    expect(message).toMatch(/^x is no whole zip file: [^.]+\.$/);
  });

  test('when there is none', async () => {
    expect(await errorOf(checkpointSource('/nowhere/model.pt'))).toMatchObject({ code: 'not-found' });
  });
});
