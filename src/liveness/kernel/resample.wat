;; Resampling of RGB pictures: means of rectangles in two steps (weighted rows are added into rows of 32-bit float sums, sums are
;; reduced to pixels), and bilinear samples.
;; Assembled by scripts/build-kernel.mjs into resample-kernel.ts; a test holds the two together.
(module
  (memory (export "memory") 4)

  ;; sums[i] = sum over groups of rows of weight * (sum of the group's bytes[i]) for i < n, n a multiple of 16. The table has for
  ;; each group its weight, the number of its rows (257 at most, for 16-bit sums), and where the bytes of each row begin.
  (func (export "blendBytes") (param $sums i32) (param $table i32) (param $end i32) (param $n i32)
    (local $at i32) (local $p i32) (local $last i32)
    (local $w v128) (local $b v128) (local $l v128) (local $h v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $n)))
        (local.set $s0 (v128.const i32x4 0 0 0 0))
        (local.set $s1 (v128.const i32x4 0 0 0 0))
        (local.set $s2 (v128.const i32x4 0 0 0 0))
        (local.set $s3 (v128.const i32x4 0 0 0 0))
        (local.set $p (local.get $table))
        (block $all
          (loop $group
            (br_if $all (i32.ge_u (local.get $p) (local.get $end)))
            (local.set $w (v128.load32_splat (local.get $p)))
            (local.set $last (i32.add (local.get $p) (i32.shl (i32.load offset=4 (local.get $p)) (i32.const 2))))
            (local.set $l (v128.const i32x4 0 0 0 0))
            (local.set $h (v128.const i32x4 0 0 0 0))
            (loop $more
              (local.set $b (v128.load (i32.add (i32.load offset=8 (local.get $p)) (local.get $at))))
              (local.set $l (i16x8.add (local.get $l) (i16x8.extend_low_i8x16_u (local.get $b))))
              (local.set $h (i16x8.add (local.get $h) (i16x8.extend_high_i8x16_u (local.get $b))))
              (local.set $p (i32.add (local.get $p) (i32.const 4)))
              (br_if $more (i32.lt_u (local.get $p) (local.get $last))))
            (local.set $p (i32.add (local.get $p) (i32.const 8)))
            (local.set $s0 (f32x4.add (local.get $s0)
              (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $l))))))
            (local.set $s1 (f32x4.add (local.get $s1)
              (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $l))))))
            (local.set $s2 (f32x4.add (local.get $s2)
              (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $h))))))
            (local.set $s3 (f32x4.add (local.get $s3)
              (f32x4.mul (local.get $w) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $h))))))
            (br $group)))
        (v128.store (local.get $sums) (local.get $s0))
        (v128.store offset=16 (local.get $sums) (local.get $s1))
        (v128.store offset=32 (local.get $sums) (local.get $s2))
        (v128.store offset=48 (local.get $sums) (local.get $s3))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
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

  ;; One row of RGB sums to n RGB pixels, sum * scale + shift. The table has for each pixel: byte offset of its first source
  ;; pixel, number of source pixels, and their weights.
  (func (export "reduce")
    (param $out i32) (param $sums i32) (param $table i32) (param $n i32) (param $scale f32) (param $shift f32)
    (local $p i32) (local $end i32) (local $acc v128) (local $k v128) (local $d v128)
    (local.set $k (f32x4.splat (local.get $scale)))
    (local.set $d (f32x4.splat (local.get $shift)))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $p (i32.add (local.get $sums) (i32.load (local.get $table))))
        (local.set $end (i32.add (local.get $table) (i32.shl (i32.load offset=4 (local.get $table)) (i32.const 2))))
        (local.set $acc (v128.const i32x4 0 0 0 0))
        (loop $more
          (local.set $acc (f32x4.add (local.get $acc)
            (f32x4.mul (v128.load (local.get $p)) (v128.load32_splat offset=8 (local.get $table)))))
          (local.set $p (i32.add (local.get $p) (i32.const 12)))
          (local.set $table (i32.add (local.get $table) (i32.const 4)))
          (br_if $more (i32.lt_u (local.get $table) (local.get $end))))
        (v128.store (local.get $out)
          (f32x4.add (f32x4.mul (local.get $acc) (local.get $k)) (local.get $d)))
        (local.set $out (i32.add (local.get $out) (i32.const 12)))
        (local.set $table (i32.add (local.get $table) (i32.const 8)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next))))

  ;; One row of n bilinear samples of RGB bytes, 16 bytes a pixel (red, green, blue, anything): (sample - mean) * scale. The
  ;; table has 16 bytes a pixel: byte offsets of the two source pixels in their rows, their weights. `norm` has four
  ;; means, then four scales.
  (func (export "bilinear")
    (param $out i32) (param $table i32) (param $n i32) (param $top i32) (param $bottom i32)
    (param $wTop f32) (param $wBottom f32) (param $norm i32)
    (local $end i32) (local $near i32) (local $far i32) (local $wNear v128) (local $wFar v128)
    (local $wt v128) (local $wb v128) (local $mean v128) (local $scale v128)
    (local.set $wt (f32x4.splat (local.get $wTop)))
    (local.set $wb (f32x4.splat (local.get $wBottom)))
    (local.set $mean (v128.load (local.get $norm)))
    (local.set $scale (v128.load offset=16 (local.get $norm)))
    (local.set $end (i32.add (local.get $table) (i32.shl (local.get $n) (i32.const 4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $table) (local.get $end)))
        (local.set $near (i32.load (local.get $table)))
        (local.set $far (i32.load offset=4 (local.get $table)))
        (local.set $wNear (v128.load32_splat offset=8 (local.get $table)))
        (local.set $wFar (v128.load32_splat offset=12 (local.get $table)))
        (v128.store (local.get $out)
          (f32x4.mul (local.get $scale) (f32x4.sub
            (f32x4.add
              (f32x4.mul (local.get $wt) (f32x4.add
                (f32x4.mul (local.get $wNear) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u
                  (v128.load8x8_u (i32.add (local.get $top) (local.get $near))))))
                (f32x4.mul (local.get $wFar) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u
                  (v128.load8x8_u (i32.add (local.get $top) (local.get $far))))))))
              (f32x4.mul (local.get $wb) (f32x4.add
                (f32x4.mul (local.get $wNear) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u
                  (v128.load8x8_u (i32.add (local.get $bottom) (local.get $near))))))
                (f32x4.mul (local.get $wFar) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u
                  (v128.load8x8_u (i32.add (local.get $bottom) (local.get $far)))))))))
            (local.get $mean))))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (local.set $table (i32.add (local.get $table) (i32.const 16)))
        (br $next))))

  ;; Splits n pixels of 16 bytes, n a multiple of 4, into rows of their first, second and third numbers.
  (func (export "split") (param $pixels i32) (param $n i32) (param $first i32) (param $second i32) (param $third i32)
    (local $end i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $l v128) (local $h v128)
    (local.set $end (i32.add (local.get $pixels) (i32.shl (local.get $n) (i32.const 4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $pixels) (local.get $end)))
        (local.set $a (v128.load (local.get $pixels)))
        (local.set $b (v128.load offset=16 (local.get $pixels)))
        (local.set $c (v128.load offset=32 (local.get $pixels)))
        (local.set $d (v128.load offset=48 (local.get $pixels)))
        (local.set $l (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))
        (local.set $h (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d)))
        (v128.store (local.get $first)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $l) (local.get $h)))
        (v128.store (local.get $second)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $l) (local.get $h)))
        (local.set $l (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b)))
        (local.set $h (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d)))
        (v128.store (local.get $third)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $l) (local.get $h)))
        (local.set $first (i32.add (local.get $first) (i32.const 16)))
        (local.set $second (i32.add (local.get $second) (i32.const 16)))
        (local.set $third (i32.add (local.get $third) (i32.const 16)))
        (local.set $pixels (i32.add (local.get $pixels) (i32.const 64)))
        (br $next)))))
