;; Area averaging, two steps: weighted rows are added into 32-bit float sums, sums are reduced to pixels.
;; Assembled by scripts/build-kernel.mjs into area-kernel.ts; a test holds the two together.
(module
  (memory (export "memory") 4)

  ;; sums[i] += weight * bytes[i] for i < n, n a multiple of 16
  (func (export "addBytes") (param $sums i32) (param $row i32) (param $n i32) (param $weight f32)
    (local $end i32) (local $w v128) (local $b v128) (local $h v128)
    (local.set $w (f32x4.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $row) (local.get $n)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $b (v128.load (local.get $row)))
        (local.set $h (i16x8.extend_low_i8x16_u (local.get $b)))
        (v128.store (local.get $sums)
          (f32x4.add (v128.load (local.get $sums))
            (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $h))))))
        (v128.store offset=16 (local.get $sums)
          (f32x4.add (v128.load offset=16 (local.get $sums))
            (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $h))))))
        (local.set $h (i16x8.extend_high_i8x16_u (local.get $b)))
        (v128.store offset=32 (local.get $sums)
          (f32x4.add (v128.load offset=32 (local.get $sums))
            (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $h))))))
        (v128.store offset=48 (local.get $sums)
          (f32x4.add (v128.load offset=48 (local.get $sums))
            (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $h))))))
        (local.set $row (i32.add (local.get $row) (i32.const 16)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 64)))
        (br $next))))

  ;; sums[i] += weight * floats[i] for i < n, n a multiple of 4
  (func (export "addFloats") (param $sums i32) (param $row i32) (param $n i32) (param $weight f32)
    (local $end i32) (local $w v128)
    (local.set $w (f32x4.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $row) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (v128.store (local.get $sums)
          (f32x4.add (v128.load (local.get $sums)) (f32x4.mul (local.get $w) (v128.load (local.get $row)))))
        (local.set $row (i32.add (local.get $row) (i32.const 16)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
        (br $next))))

  ;; One row of RGB sums to n RGB pixels. The table has 16 bytes a pixel: byte offset of the first source pixel,
  ;; number of whole pixels between first and last, weight of the first, weight of the last.
  (func (export "reduce") (param $out i32) (param $sums i32) (param $table i32) (param $n i32) (param $scale f32)
    (local $end i32) (local $p i32) (local $between i32) (local $acc v128) (local $s v128)
    (local.set $s (f32x4.splat (local.get $scale)))
    (local.set $end (i32.add (local.get $table) (i32.shl (local.get $n) (i32.const 4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $table) (local.get $end)))
        (local.set $p (i32.add (local.get $sums) (i32.load (local.get $table))))
        (local.set $between (i32.load offset=4 (local.get $table)))
        (local.set $acc (f32x4.mul (v128.load (local.get $p)) (v128.load32_splat offset=8 (local.get $table))))
        (local.set $p (i32.add (local.get $p) (i32.const 12)))
        (block $whole
          (loop $more
            (br_if $whole (i32.eqz (local.get $between)))
            (local.set $acc (f32x4.add (local.get $acc) (v128.load (local.get $p))))
            (local.set $p (i32.add (local.get $p) (i32.const 12)))
            (local.set $between (i32.sub (local.get $between) (i32.const 1)))
            (br $more)))
        (local.set $acc (f32x4.add (local.get $acc)
          (f32x4.mul (v128.load (local.get $p)) (v128.load32_splat offset=12 (local.get $table)))))
        (v128.store (local.get $out) (f32x4.mul (local.get $acc) (local.get $s)))
        (local.set $out (i32.add (local.get $out) (i32.const 12)))
        (local.set $table (i32.add (local.get $table) (i32.const 16)))
        (br $next)))))
